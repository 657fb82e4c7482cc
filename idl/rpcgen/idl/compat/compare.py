"""The comparison of two versions of an interface: every change with what it costs.

Pure: models in, findings out. Which version follows from that is decided in `discipline`.
"""

from __future__ import annotations

from dataclasses import dataclass

from rpcgen.idl.compat.change import Change
from rpcgen.idl.compat.definitions import compare_queued
from rpcgen.idl.compat.finding import Finding, as_findings
from rpcgen.idl.compat.methods import compare_methods
from rpcgen.idl.compat.surface import compare_errors, compare_events, compare_target
from rpcgen.idl.compat.verdict import NONE, Verdict
from rpcgen.idl.compat.view import view_at
from rpcgen.idl.compat.walk import Walk
from rpcgen.idl.model import Interface, Struct
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


def compare(old: Interface, new: Interface) -> Comparison:
    """Compare the newest shape of an interface with that of an older file."""
    found = changes(old, new)
    return Comparison(old.version, new.version, as_findings(found, old, new))


def changes(old: Interface, new: Interface) -> list[Change]:
    """Return all differences: first those that the new file does not date, then those that it does."""
    before = view_at(old, old.version)
    then = view_at(new, old.version, _clocks(old))
    now = view_at(new, new.version)
    undated = Walk(before, then, new, dated=False)
    dated = Walk(then, now, new, dated=True, late=undated.late)
    return [*_walk(undated), *_walk(dated)]


def changes_of_then(old: Interface, new: Interface) -> list[Change]:
    """Return what the new file says wrongly of the time of an older one."""
    before, then = view_at(old, old.version), view_at(new, old.version, _clocks(old))
    return _walk(Walk(before, then, new, dated=False))


def _walk(walk: Walk) -> list[Change]:
    compare_target(walk)
    compare_methods(walk)
    compare_errors(walk)
    compare_events(walk)
    compare_queued(walk)
    return walk.changes


def _clocks(interface: Interface) -> dict[str, Version]:
    return {
        name: type_.version
        for name, type_ in interface.types.items()
        if isinstance(type_, Struct) and type_.version is not None
    }
