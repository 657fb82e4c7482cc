"""What a rule is: the axes of the changes that it judges, and how it judges one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from rpcgen.idl.compat.change import Change
from rpcgen.idl.compat.verdict import STILL_READ, STILL_UNDERSTOOD, UNRAISED, Judgement
from rpcgen.idl.diagnostics import Severity


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule.

    Attributes:
        subject, action: what changed, and how.
        direction: `request` where servers read it, `result` where clients and subscribers do; empty where both are alike.
        judge: says what a change costs.
        severity: of a finding that is wrong whatever the version is; None where the version decides.
    """

    subject: str
    action: str
    direction: Literal["", "request", "result"]
    judge: Callable[[Change], Judgement]
    severity: Severity | None = None

    @property
    def id(self) -> str:
        """The axes in one word, which is also the name of the rule's file."""
        return "-".join(part for part in (self.direction, self.subject, self.action) if part)


def unseen_removal(change: Change, kept: str) -> str:
    """Why no message shows that readers of answers lack a value or a member; nothing if one does.

    Args:
        kept: what becomes of it where the type is open.
    """
    if change.open:
        return kept
    if change.dated:
        return STILL_UNDERSTOOD
    if not change.was_written:
        return UNRAISED
    return STILL_READ if change.kept else ""
