"""What a rule is: the axes of the changes that it judges, and how it judges one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from rpcgen.idl.compat.change import Change
from rpcgen.idl.compat.verdict import Judgement
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
