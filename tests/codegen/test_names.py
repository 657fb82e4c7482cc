"""The tables of reserved names are complete: they follow the classes of the runtime and the code that is generated."""

from __future__ import annotations

import ast
import builtins
import keyword
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from rpcgen.codegen import generate, package_name, reserved, resolve
from rpcgen.codegen.names import camel, member_name
from rpcgen.idl import load
from rpcgen.runtime import (
    AsyncClient,
    AsyncEndpoint,
    AsyncPublisher,
    AsyncSubscriber,
    Client,
    DeclaredError,
    Endpoint,
    OpenEnum,
    OpenUnion,
    Publisher,
    Subscriber,
    TaggedUnion,
)

from tests.codegen.cases import CASES
from tests.idl.cases import case_folders


def public(*classes: type) -> set[str]:
    """Attributes that an identifier of the language can hide: those that start with a letter."""
    return {name for cls in classes for name in dir(cls) if name[0] != "_"}


@pytest.mark.parametrize(
    ("words", "classes"),
    [
        (reserved.METHODS, (Client, AsyncClient, Endpoint, AsyncEndpoint)),
        (reserved.EVENTS, (Publisher, AsyncPublisher, Subscriber, AsyncSubscriber)),
        (reserved.ERROR_FIELDS, (DeclaredError,)),
        (reserved.UNION_MEMBERS, (TaggedUnion, OpenUnion)),
        (reserved.ENUM_MEMBERS, (OpenEnum,)),
        (reserved.MEMBERS, (msgspec.Struct,)),
    ],
    ids=["methods", "events", "errors", "unions", "enums", "structs"],
)
def test_attributes_of_base_classes_are_reserved(
    words: frozenset[str], classes: tuple[type, ...]
) -> None:
    """Whatever the runtime's classes have, a name of the interface does not hide."""
    assert public(*classes) - words == set()


def test_attributes_of_errors_are_reserved() -> None:
    """An error's own attributes, which `dir` of the class does not know."""
    assert {name for name in vars(DeclaredError("")) if name[0] != "_"} <= reserved.ERROR_FIELDS


def test_keywords_are_reserved() -> None:
    """Keywords never become names, and soft ones may."""
    assert set(keyword.kwlist) <= reserved.KEYWORDS
    assert not set(keyword.softkwlist) & reserved.MEMBERS - {"_"}


def module_names(path: Path) -> set[str]:
    """What a generated module imports from elsewhere, or uses of Python's own."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    found &= set(dir(builtins))
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and not node.level and node.module != "__future__":
            found |= {alias.asname or alias.name for alias in node.names}
    return found


def test_imports_of_generated_code_are_reserved() -> None:
    """No type is called like something that a generated module needs."""
    used: set[str] = set()
    for path in CASES.glob("*/expected/*/*.py"):
        used |= module_names(path)
    # A type starts with a capital letter; functions are safe from types.
    types = {name for name in used if name[0].isupper()}
    assert types - reserved.TYPES <= {"True", "False", "None", "ValueError"}


def spelled_in(body: list[ast.stmt]) -> Iterator[ast.expr]:
    """The expressions of a class body that are read in the class's own scope."""
    for part in body:
        if isinstance(part, ast.AnnAssign):
            yield part.annotation
            if part.value is not None:
                yield part.value
        if isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef):
            arguments = [*part.args.args, *part.args.kwonlyargs]
            found = [part.returns, *(argument.annotation for argument in arguments)]
            yield from part.decorator_list
            yield from (expr for expr in [*found, *part.args.kw_defaults] if expr is not None)


def test_names_in_class_bodies_are_reserved() -> None:
    """No field or method is called like something that its own class spells after it."""
    spelled: set[str] = set()
    for path in CASES.glob("*/expected/*/*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef):
                inner = (name for expr in spelled_in(node.body) for name in ast.walk(expr))
                spelled |= {name.id for name in inner if isinstance(name, ast.Name)}
    # Types start with a capital letter, and helpers with an underscore.
    small = {name for name in spelled if name[0].islower()}
    assert small >= {"abstractmethod", "dt", "property", "str"}
    assert small <= reserved.MEMBERS


@pytest.mark.parametrize(
    ("value", "name"),
    [
        ("running", "RUNNING"),
        ("1.2", "V1_2"),
        ("import", "IMPORT"),
        ("some-thing", "SOME_THING"),
        ("newValue", "NEWVALUE"),
        ("__x__", "X"),
        ("a  b", "A_B"),
        ("+", ""),
        ("é", ""),
        ("²", ""),
    ],
)
def test_members_are_named_by_rule(value: str, name: str) -> None:
    """A value's name is the value in capitals, with underscores for what no name can have."""
    assert name == member_name(value)


@pytest.mark.parametrize(
    ("interface", "package"),
    [
        ("nova.compute", "nova_compute"),
        ("shop", "shop"),
        ("import", "import_"),
        ("msgspec", "msgspec_"),
        ("rpcgen", "rpcgen_"),
        ("a.b-c.d", "a_b_c_d"),
        ("uuid", "uuid_"),
        ("decimal", "decimal_"),
        ("datetime", "datetime_"),
        ("typing", "typing_"),
        ("typing.extensions", "typing_extensions_"),
        ("shop.uuid", "shop_uuid"),
        ("calendar", "calendar"),
    ],
)
def test_packages_are_named_by_rule(interface: str, package: str) -> None:
    """A package is called as its interface, with underscores."""
    assert package == package_name(interface)


def test_packages_do_not_hide_what_they_import(packages: Path) -> None:
    """A package of no name that is left can stand first where Python looks for what a package needs."""
    names = sorted(path.name for path in packages.iterdir() if (path / "types.py").exists())
    lines = [
        "import importlib, sys",
        f"for name in {names}:",
        "    for part in ('types', 'client', 'async_client', 'endpoint', 'errors'):",
        "        importlib.import_module(f'{name}.{part}')",
        "print(*{name.partition('.')[0] for name in sys.modules})",
    ]
    done = subprocess.run(
        [sys.executable, "-S", "-c", "\n".join(lines)],
        env={"PYTHONPATH": os.pathsep.join([str(packages), *sys.path])},
        capture_output=True,
        text=True,
        check=True,
    )
    known = sys.stdlib_module_names | {"msgspec", "rpcgen", "typing_extensions"}
    imported = {name for name in done.stdout.split() if name in known and name[0] != "_"}
    assert imported - reserved.PACKAGES == set()


def test_package_that_is_called_like_a_module_can_be_imported(tmp_path: Path) -> None:
    """From the folder in which it is."""
    file = tmp_path / "uuid.yaml"
    file.write_text(
        'rpcgen: 1\ninterface: uuid\nversion: "1.0"\nmethods: {go: {call: any, args: {id: uuid}}}\n'
    )
    interface = load(file).interface
    assert interface is not None
    for path, text in generate(interface).items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(text)
    code = "import uuid, uuid_; print(uuid.UUID, uuid_.UuidClient)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.stderr == ""


@pytest.mark.parametrize(
    ("name", "result"),
    [
        ("get_console_output", "GetConsoleOutput"),
        ("x", "X"),
        ("camelCase", "CamelCase"),
        ("a__b", "AB"),
    ],
)
def test_camel(name: str, result: str) -> None:
    """Classes are called in camel case; capitals stay."""
    assert result == camel(name)


@pytest.mark.parametrize("folder", case_folders(), ids=lambda folder: folder.name)
def test_drafts_of_refused_interfaces_have_names(folder: Path) -> None:
    """Whatever is wrong with a file, looking for names that clash in what could be read is no mistake of ours."""
    loaded = load(folder / "input.yaml")
    assert loaded.interface is None or loaded.interface is loaded.draft
    if loaded.draft is not None:
        resolve(loaded.draft)
