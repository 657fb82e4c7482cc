"""Whether what the check says of a pair agrees with what became of its messages. Knows nothing of how they were sent."""

from __future__ import annotations

from collections.abc import Set

from rpcgen.idl.compat import Comparison, Finding, Verdict
from rpcgen.idl.model import Interface

from tests.verdicts.pairs import Pair

#: Findings about dates that are wrong in requests: their messages fail on servers that the file promises they suit.
DATES = frozenset({"since-missing", "since-too-old", "widening-undated"})


def disagreement(pair: Pair, said: Comparison, found: str) -> str:
    """Say where the two disagree; empty: nowhere.

    Args:
        said: what the check finds.
        found: a message of the pair that fails or changes its meaning; empty: there is none.
    """
    promised = shown(pair, said)
    if promised and not found:
        rules = ", ".join(f"{each.rule} of {each.path}" for each in promised)
        return f"no message shows {rules}"
    wrong = any(each.severity == "error" or each.wire == Verdict.MAJOR for each in said.findings)
    if found and not wrong:
        return f"{said.verdict}, but: {found}"
    return ""


def shown(pair: Pair, said: Comparison) -> list[Finding]:
    """The findings that there has to be a message for."""
    rarely = _raised(pair.old) ^ _raised(pair.new)
    return [each for each in said.findings if _is_shown(each, rarely)]


def _is_shown(finding: Finding, rarely: Set[str]) -> bool:
    """Whether a message shows it; an error that one of two versions raises may never be written so that it does."""
    change = finding.change
    if (
        change is None
        or finding.unseen
        or (change.root.reader == "error" and change.root.name in rarely)
    ):
        return False
    if finding.wire == Verdict.MAJOR:
        return True
    # What a type takes anyhow fails nowhere.
    return finding.rule in DATES and change.direction == "request" and not change.open


def _raised(interface: Interface) -> set[str]:
    declared = {raised.error for method in interface.methods.values() for raised in method.raises}
    errors = interface.errors.values()
    return declared | {each.name for each in errors if each.extends in declared}
