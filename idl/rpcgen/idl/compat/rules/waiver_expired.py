"""A waiver of the project is over, and what it accepted is still there.

Somebody meant to have mended it by now.

## Instead

Mend it, or think again and give the waiver another end.
"""

from __future__ import annotations

from rpcgen.idl.compat.change import Change
from rpcgen.idl.compat.rule import Rule
from rpcgen.idl.compat.verdict import Judgement


def _judge(change: Change) -> Judgement:
    return Judgement(
        message=f"the waiver of {change.name} was until {change.before}, and what it accepted is still there",
        instead="mend it, or give the waiver another end",
    )


rule = Rule("waiver", "expired", "", _judge, severity="error")
