"""Compiles interface files for tests."""

from __future__ import annotations

from pathlib import Path

from rpcgen.codegen import generate
from rpcgen.idl import load, render


def compile_to(directory: Path, *files: Path) -> None:
    """Compile interface files into packages below a directory; fails the test if one has a mistake."""
    for file in files:
        loaded = load(file)
        assert loaded.interface is not None, render(loaded.diagnostics, loaded.sources)
        for name, text in generate(loaded.interface).items():
            path = directory / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
