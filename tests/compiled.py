"""Compiles interface files for tests and imports the result."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from types import ModuleType

from rpcgen.codegen import generate
from rpcgen.idl import load, render

INTERFACES = Path(__file__).parent / "interfaces"


def compile_to(directory: Path, *files: Path) -> None:
    """Compile interface files into packages below a directory; fails the test if one has a mistake."""
    for file in files:
        loaded = load(file)
        assert loaded.interface is not None, render(loaded.diagnostics, loaded.sources)
        for name, text in generate(loaded.interface).items():
            path = directory / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)


def import_from(directory: Path, package: str) -> ModuleType:
    """Import a generated package from a directory."""
    if str(directory) not in sys.path:
        sys.path.insert(0, str(directory))
    importlib.invalidate_caches()
    return importlib.import_module(package)
