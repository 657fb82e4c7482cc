"""The generated packages of the examples, and plain values of their opaque objects."""

from __future__ import annotations

import importlib
import sys
from typing import Any

from rpcgen.runtime import Opaque

from tests.examples.programs import EXAMPLES


def generated(example: str, package: str) -> Any:
    """Import a generated package; the programs beside it stay out of sight, for examples share their names."""
    folder = str(EXAMPLES / example)
    sys.path.insert(0, folder)
    try:
        return importlib.import_module(package)
    finally:
        sys.path.remove(folder)


def opaque(name: str, /, **data: Any) -> Opaque:
    """An object that no codec knows: it travels as it is."""
    return Opaque(name=name, version="1.0", data=data)


def plain(value: Any) -> Any:
    """A value as it travels: opaque objects are maps of {name, version, data}."""
    match value:
        case Opaque():
            return {"name": value.name, "version": value.version, "data": value.data}
        case dict():
            return {key: plain(item) for key, item in value.items()}  # pyright: ignore[reportUnknownVariableType]
        case list():
            return [plain(item) for item in value]  # pyright: ignore[reportUnknownVariableType]
        case _:
            return value
