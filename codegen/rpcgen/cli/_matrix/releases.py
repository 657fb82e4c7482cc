"""Released versions of one interface: loaded, compiled, and imported under names of their own.

Knows nothing of servers, payloads or outcomes.
"""

from __future__ import annotations

import importlib
import sys
import tempfile
from collections.abc import Generator, Iterable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from rpcgen.cli._exit import Failure
from rpcgen.cli._inputs import Read
from rpcgen.codegen import Names, generate
from rpcgen.idl import Interface
from rpcgen.idl.model import Method
from rpcgen.idl.timeline import is_spoken
from rpcgen.idl.version import Version

#: The package that holds the generated ones while they are imported.
_PARENT = "_rpcgen_matrix"


@dataclass(frozen=True, slots=True, eq=False)
class Release:
    """One version of the interface.

    Attributes:
        label: its version, followed by the file's name where two files have the same version.
        file: as it was given.
        interface: the model.
        names: what the model's parts are called in Python.
        package: the generated package.
        table: the generated descriptor, `INTERFACE`.
    """

    label: str
    file: str
    interface: Interface
    names: Names
    package: ModuleType
    table: Any

    def method_table(self, method: Method) -> Any:
        """The generated descriptor of a method."""
        return next(each for each in self.table.methods if each.name == method.name)

    def client_method(self, method: Method, kind: str) -> str:
        """What a client calls a method, sent as this kind."""
        if method.routes[0].kind == kind:
            return self.names.methods[method.name]
        return self.names.other_kind[method.name]

    def methods(self) -> list[Method]:
        """The methods that generated code has."""
        found = self.interface.methods.values()
        return [method for method in found if is_spoken(method.dated, self.interface)]

    def last_minor(self, major: int) -> Version | None:
        """The last minor that is spoken of a major; None if the major is not."""
        spoken = (*self.interface.serves, self.interface.version)
        return next((version for version in spoken if version.major == major), None)

    def speaks(self, version: Version) -> bool:
        """Whether a server of this release takes messages of a version."""
        last = self.last_minor(version.major)
        return last is not None and version <= last


def check_same(found: Sequence[Read]) -> None:
    """Raise Failure unless all files describe one interface."""
    first = found[0].interface
    for other in (each.interface for each in found[1:]):
        if other.name != first.name:
            raise Failure(
                f"expected versions of one interface; {first.source} describes {first.name}, "
                f"{other.source} {other.name}; name the files of one"
            )


@contextmanager
def imported(found: Iterable[Read]) -> Generator[list[Release], None, None]:
    """Compile and import every file, oldest version first; nothing is left behind when the block ends."""
    ordered = sorted(found, key=lambda each: each.interface.version)
    versions = [each.interface.version for each in ordered]
    with tempfile.TemporaryDirectory(prefix="rpcgen-matrix-") as folder:
        sys.path.insert(0, folder)
        write_bytecode, sys.dont_write_bytecode = sys.dont_write_bytecode, True
        importlib.invalidate_caches()
        try:
            yield [
                _import(each, Path(folder), number, alone=versions.count(versions[number]) == 1)
                for number, each in enumerate(ordered)
            ]
        finally:
            sys.path.remove(folder)
            sys.dont_write_bytecode = write_bytecode
            for name in [name for name in sys.modules if name.partition(".")[0] == _PARENT]:
                del sys.modules[name]


def _import(read: Read, folder: Path, number: int, *, alone: bool) -> Release:
    interface, names = read.interface, read.names
    version = interface.version
    parent = f"v{version.major}_{version.minor}_{number}"
    for path, text in generate(interface, names).items():
        file = folder / _PARENT / parent / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8", newline="\n")
    package = importlib.import_module(f"{_PARENT}.{parent}.{names.package}")
    label = str(version) if alone else f"{version} ({interface.source})"
    return Release(label, interface.source, interface, names, package, package.INTERFACE)
