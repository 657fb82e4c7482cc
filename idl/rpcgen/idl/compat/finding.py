"""A finding: a change, judged by its rule, as a value for every output.

The fingerprint names a finding for waivers: it is made of the rule and what the change is, never of words or places, so
that it stays the same when lines move or messages are improved.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from rpcgen.idl.compat.change import Change
from rpcgen.idl.compat.registry import rule_for
from rpcgen.idl.compat.verdict import NONE, Verdict
from rpcgen.idl.diagnostics import Severity
from rpcgen.idl.model import Interface
from rpcgen.idl.position import Position
from rpcgen.idl.version import Version

#: What these changes are about is not only their place, but also what it was and what it became.
_CHANGED = frozenset(
    {"changed", "widened", "narrowed", "loosened", "tightened", "lowered", "raised", "renamed"}
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that the check has to say.

    Attributes:
        rule: its id, which `rpcgen explain` knows.
        message: what happened.
        place: where, in the new file.
        path: the part, such as `PowerState.shelved`.
        wire, source: what it costs those who exchange messages, and programs that use the generated code.
        against: the version that it was compared with.
        before: what that said of it; empty if nothing.
        was_at: where that said it.
        instead: how to have it for less.
        unseen: why no message shows the break; empty if one can, or where nothing breaks.
        undated: `since` or `widening` if it should have been dated, and may not have been.
        doubt: why even a fitting version leaves a warning.
        severity: of a finding that is wrong whatever the version is; None where the version decides.
        fingerprint: 12 hexadecimal digits.
        change: the facts.
    """

    rule: str
    message: str
    place: Position
    path: str
    fingerprint: str
    wire: Verdict = NONE
    source: Verdict = NONE
    against: Version | None = None
    before: str = ""
    was_at: Position | None = None
    instead: str = ""
    unseen: str = ""
    undated: str = ""
    doubt: str = ""
    severity: Severity | None = None
    change: Change | None = None

    @property
    def verdict(self) -> Verdict:
        """The worse of the two."""
        return max(self.wire, self.source)

    @property
    def weight(self) -> tuple[Verdict, Verdict, bool]:
        """How much it says among those of one fingerprint: what a message shows says more than what none does."""
        return self.verdict, self.wire, not self.unseen


def fingerprint_of(rule: str, *arguments: str) -> str:
    """Return the name of a finding: a digest of its rule and of what it is about."""
    text = json.dumps([rule, *arguments], separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def as_findings(changes: Iterable[Change], old: Interface, new: Interface) -> tuple[Finding, ...]:
    """Judge changes; of what several readers of one part make of it, the worst is kept."""
    best: dict[str, Finding] = {}
    for change in changes:
        for finding in _judge(change, old, new):
            known = best.get(finding.fingerprint)
            if known is None or finding.weight > known.weight:
                best[finding.fingerprint] = finding
    return tuple(sorted(best.values(), key=lambda f: (f.place, f.rule, f.path)))


def judged(change: Change, interface: str = "", against: Version | None = None) -> Finding:
    """Return what the rule of a change says of it; the name of the interface is part of the fingerprint."""
    rule = rule_for(change.subject, change.action, change.direction)
    said = rule.judge(change)
    arguments = (change.before, change.after) if change.action in _CHANGED else ()
    return Finding(
        rule.id,
        said.message,
        change.place,
        change.path,
        fingerprint_of(rule.id, interface, change.path, *arguments),
        wire=said.wire,
        source=said.source,
        against=against,
        before=change.before,
        was_at=change.was_at,
        instead=said.instead,
        unseen=said.unseen,
        undated=said.undated,
        doubt=said.doubt,
        severity=rule.severity,
        change=change,
    )


def _judge(change: Change, old: Interface, new: Interface) -> Iterator[Finding]:
    """Yield what is to be said of a change, and what of its date."""
    finding = judged(change, new.name, old.version)
    yield finding
    if finding.undated and not change.dated and _is_spoken(old.version.major, new):
        if finding.undated == "widening":
            subject, action = "widening", "undated"
        else:
            subject, action = "since", "too-old" if change.since else "missing"
        undated = replace(change, subject=subject, action=action)
        yield judged(undated, new.name, old.version)


def _is_spoken(major: int, interface: Interface) -> bool:
    return any(version.major == major for version in (*interface.serves, interface.version))
