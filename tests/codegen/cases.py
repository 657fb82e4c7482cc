"""The cases: folders with an interface file and what must come of it.

`input.yaml` is compiled as a user would, in its own folder. Either `expected/` holds the packages, or `expected.err`
what is printed about mistakes. `usage.py`, if there is one, is typed code that uses the packages.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rpcgen.codegen import generate, resolve
from rpcgen.idl import Interface, load, render

CASES = Path(__file__).parent / "cases"
NAMES = sorted(path.name for path in CASES.iterdir() if (path / "input.yaml").is_file())
GOOD = [name for name in NAMES if not name.startswith("clash_")]
BAD = [name for name in NAMES if name.startswith("clash_")]


@contextmanager
def inside(folder: Path) -> Iterator[None]:
    """Be in a folder for a while."""
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


def interface_of(case: str) -> Interface:
    """The checked interface of a case."""
    with inside(CASES / case):
        loaded = load("input.yaml")
    assert loaded.interface is not None, render(loaded.diagnostics, loaded.sources)
    return loaded.interface


def compiled(case: str) -> dict[str, str]:
    """The files of a case, by path."""
    return generate(interface_of(case))


def complaints(case: str) -> str:
    """What is printed about a case with mistakes."""
    with inside(CASES / case):
        loaded = load("input.yaml")
    assert loaded.interface is not None, render(loaded.diagnostics, loaded.sources)
    return render(resolve(loaded.interface).clashes, loaded.sources)


def expected(case: str) -> dict[str, str]:
    """The files that a case must give, by path."""
    root = CASES / case / "expected"
    return {
        path.relative_to(root).as_posix(): path.read_bytes().decode()
        for path in sorted(root.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    }
