"""What the source of the runtime does not contain."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
import rpcgen.runtime

PACKAGE = Path(rpcgen.runtime.__file__).parent

#: What would make objects, or run text, that came in a message.
MODULES = {"pickle", "marshal", "shelve", "yaml"}
FUNCTIONS = {"eval", "exec", "compile", "__import__"}

#: Once for each method, when a server starts: text of the names that its own generated code has, before any message.
ALLOWED = [("core/calling.py", "compile"), ("core/calling.py", "eval")]


def dangers(source: str) -> Iterator[str]:
    """The dangerous modules and functions that a source names where it imports or uses them."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import(names):
                yield from MODULES & {alias.name.partition(".")[0] for alias in names}
            case ast.ImportFrom(module, names):
                yield from MODULES & {(module or "").partition(".")[0]}
                yield from FUNCTIONS & {alias.name for alias in names}
            case ast.Name(name):
                yield from FUNCTIONS & {name}
            case ast.Attribute(ast.Name("builtins"), name):
                yield from FUNCTIONS & {name}
            case _:
                pass


def test_nothing_is_unpickled_or_evaluated() -> None:
    """But the calls of handlers, which are compiled of names that are looked at first."""
    found = [
        (file.relative_to(PACKAGE).as_posix(), danger)
        for file in PACKAGE.rglob("*.py")
        for danger in dangers(file.read_text(encoding="utf-8"))
    ]
    assert sorted(found) == ALLOWED


@pytest.mark.parametrize(
    "source",
    [
        "import os, pickle",
        "from yaml.loader import Loader",
        "import marshal as m",
        "run = eval",
        "builtins.exec(text)",
        "from builtins import compile as c",
        "def f():\n    return __import__(name)",
    ],
)
def test_a_danger_is_found(source: str) -> None:
    assert list(dangers(source))


@pytest.mark.parametrize("source", ["import re\nre.compile(pattern)", "from json import loads"])
def test_what_is_harmless_is_not(source: str) -> None:
    assert not list(dangers(source))
