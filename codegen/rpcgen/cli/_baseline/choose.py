"""Which baseline a command line asks for."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from rpcgen.cli._baseline.baseline import Baseline
from rpcgen.cli._baseline.files import given, other_names_below
from rpcgen.cli._baseline.folder import kept_others, locked
from rpcgen.cli._baseline.git import PREFIX, committed, committed_others
from rpcgen.cli._exit import Failure
from rpcgen.cli._project.settings import Project
from rpcgen.idl import Interface, Position

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


def others(
    known: Collection[str], against: str | None, lock: Path, roots: Sequence[str], project: Project
) -> Mapping[str, Position]:
    """The interfaces that a project is compared with and that have none of the known names, and where; raises Failure."""
    if against is None:
        return kept_others(lock, known)
    if against.startswith(PREFIX):
        return committed_others(against, known, project, roots)
    return other_names_below(Path(against), known, roots)
