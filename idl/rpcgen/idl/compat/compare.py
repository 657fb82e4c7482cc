"""The comparison of two versions of an interface: every change with what it costs.

Pure: models in, findings out. Which version follows from that is decided in `discipline`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from rpcgen.idl.compat.change import Change
from rpcgen.idl.compat.definitions import compare_queued
from rpcgen.idl.compat.finding import Finding, as_findings
from rpcgen.idl.compat.methods import compare_methods
from rpcgen.idl.compat.restated import restated
from rpcgen.idl.compat.surface import compare_errors, compare_events, compare_target
from rpcgen.idl.compat.verdict import NONE, Verdict
from rpcgen.idl.compat.view import view_at
from rpcgen.idl.compat.walk import Walk
from rpcgen.idl.model import Interface, Struct
from rpcgen.idl.resolve import direct_types, names_in
from rpcgen.idl.version import Version


@dataclass(frozen=True, slots=True)
class Comparison:
    """What became of an interface between two files.

    Attributes:
        old, new: their versions.
        findings: in the order of the new file, the worst of what is said twice.
    """

    old: Version
    new: Version
    findings: tuple[Finding, ...]

    @property
    def verdict(self) -> Verdict:
        """The worst of all findings."""
        return max((finding.verdict for finding in self.findings), default=NONE)


class Newer:
    """A file that is compared with several older ones; what it says of itself is worked out once."""

    def __init__(self, interface: Interface) -> None:
        self.interface = interface
        self.now = view_at(interface, interface.version)
        self._users = _users(interface)
        self._then: dict[tuple[Version, tuple[tuple[str, Version], ...]], Interface] = {}

    def compare(self, old: Interface, *, dates: bool = False) -> Comparison:
        """Compare its newest shape with that of an older file; with `dates`, also what both state of older versions.

        What the last release states otherwise than the one before it is a fact, so that this is for the last one alone.
        """
        undated = self._undated(old)
        found = [*_walk(undated), *_walk(self._dated(undated))]
        found += restated(old, self.interface) if dates else ()
        return Comparison(
            old.version, self.interface.version, as_findings(found, old, self.interface)
        )

    def misstated(self, old: Interface) -> tuple[Finding, ...]:
        """Return what it says wrongly of the time of an older file."""
        return as_findings(_walk(self._undated(old)), old, self.interface)

    def _dated(self, undated: Walk) -> Walk:
        then = undated.new
        changed = [name for name, type_ in self.now.types.items() if then.types[name] is not type_]
        touched = _reached(changed, self._users)
        settled = self.now.types.keys() - touched
        return Walk(
            then,
            self.now,
            undated.before,
            self.interface,
            True,
            settled,
            late=undated.late,
            fresh=undated.fresh,
            born=undated.born,
            closed=undated.closed,
        )

    def _undated(self, old: Interface) -> Walk:
        clocks = _clocks(old)
        key = (old.version, clocks)
        if key not in self._then:
            self._then[key] = view_at(self.interface, old.version, dict(clocks))
        return Walk(view_at(old, old.version), self._then[key], old, self.interface, dated=False)


def compare(old: Interface, new: Interface) -> Comparison:
    """Compare the newest shape of an interface with that of an older file."""
    return Newer(new).compare(old, dates=True)


def _walk(walk: Walk) -> list[Change]:
    compare_target(walk)
    compare_methods(walk)
    compare_errors(walk)
    compare_events(walk)
    compare_queued(walk)
    return walk.changes


def _users(interface: Interface) -> dict[str, list[str]]:
    """Return which types each type is mentioned by."""
    users: dict[str, list[str]] = {}
    for name, type_ in interface.types.items():
        for inner in direct_types(type_):
            for used in names_in(inner):
                users.setdefault(used, []).append(name)
    return users


def _reached(names: list[str], users: Mapping[str, list[str]]) -> set[str]:
    """Return names and whatever leads to them."""
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += users.get(name, ())
    return found


def _clocks(interface: Interface) -> tuple[tuple[str, Version], ...]:
    return tuple(
        (name, type_.version)
        for name, type_ in interface.types.items()
        if isinstance(type_, Struct) and type_.version is not None
    )
