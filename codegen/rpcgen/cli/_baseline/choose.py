"""Which baseline a command line asks for."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rpcgen.cli._baseline.baseline import Baseline
from rpcgen.cli._baseline.files import given
from rpcgen.cli._baseline.folder import locked
from rpcgen.cli._baseline.git import PREFIX, committed
from rpcgen.cli._exit import Failure
from rpcgen.idl import Interface

#: Where releases are kept if neither the command line nor the project says.
LOCK = Path("rpcgen.lock")


def baseline(
    interface: Interface, against: str | None, lock: Path, roots: Sequence[str]
) -> Baseline:
    """The releases that a file is compared with; raises Failure."""
    if against is None:
        return locked(lock, interface.name)
    if not against:
        raise Failure("what to compare with is empty; expected a file, a folder, or git:REF[:PATH]")
    if against.startswith(PREFIX):
        return committed(against, interface.name, interface.source, roots)
    return given(Path(against), interface.name, roots)
