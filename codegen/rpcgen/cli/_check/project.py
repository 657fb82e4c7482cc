"""What is wrong with a project as a whole: waivers that accept nothing, and interfaces that are gone."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date
from pathlib import Path

from rpcgen.cli._project.settings import Waiver
from rpcgen.idl import Interface, Position
from rpcgen.idl.compat import Finding
from rpcgen.idl.compat.change import Change, Root
from rpcgen.idl.compat.finding import judged


def valid(waivers: Iterable[Waiver], interface: Interface | None, today: date) -> dict[str, Waiver]:
    """The waivers that hold for a file, or for what has none any more, by fingerprint."""
    return {each.fingerprint: each for each in waivers if not _is_over(each, interface, today)}


def _is_over(waiver: Waiver, interface: Interface | None, today: date) -> bool:
    if isinstance(waiver.until, date):
        return today >= waiver.until
    # What is gone never has another version: only a day ends that.
    return interface is None or interface.version >= waiver.until


def expired(
    waivers: Iterable[Waiver],
    found: Iterable[Finding],
    interface: Interface | None,
    today: date,
    file: Path,
) -> Iterator[Finding]:
    """Yield the waivers that are over of the findings of a file, or of what has none any more."""
    fingerprints = {each.fingerprint for each in found}
    for waiver in waivers:
        if waiver.fingerprint in fingerprints and _is_over(waiver, interface, today):
            yield _finding("expired", waiver, file)


def unused(waivers: Iterable[Waiver], used: Collection[str], file: Path) -> Iterator[Finding]:
    """Yield the waivers that no finding of any file has."""
    for waiver in waivers:
        if waiver.fingerprint not in used:
            yield _finding("unused", waiver, file)


def _finding(action: str, waiver: Waiver, file: Path) -> Finding:
    path, place = f"waiver {waiver.fingerprint}", _place(waiver, file)
    change = Change(
        "waiver", action, Root(), path, place, before=str(waiver.until), name=waiver.fingerprint
    )
    return judged(change)


def _place(waiver: Waiver, file: Path) -> Position:
    """Where a waiver is; TOML's reader does not tell."""
    lines = file.read_text(encoding="utf-8").splitlines()
    for number, line in enumerate(lines, 1):
        column = line.find(waiver.fingerprint)
        if column >= 0 and not line.lstrip().startswith("#"):
            return Position(file.as_posix(), number, column + 1, len(waiver.fingerprint))
    return Position(file.as_posix(), 1, 1)


def removed(gone: Mapping[str, Position]) -> Iterator[Finding]:
    """Yield interfaces that were there, at these places, and that no file describes."""
    for name, place in gone.items():
        yield judged(Change("interface", "removed", Root(), name, place, name=name))
