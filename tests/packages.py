"""Imports packages that were generated. Knows no compiler: programs of tests that import one start in half the time."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from types import ModuleType

INTERFACES = Path(__file__).parent / "interfaces"


def import_from(directory: Path, package: str) -> ModuleType:
    """Import a generated package from a directory."""
    if str(directory) not in sys.path:
        sys.path.insert(0, str(directory))
    importlib.invalidate_caches()
    return importlib.import_module(package)
