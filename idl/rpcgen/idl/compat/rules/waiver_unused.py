"""A waiver of the project accepts nothing.

What it was for is mended, or released, or was never there. Left behind, it would one day accept something else that nobody
looked at.

## Instead

Remove it from pyproject.toml.
"""

from __future__ import annotations

from rpcgen.idl.compat.change import Change
from rpcgen.idl.compat.rule import Rule
from rpcgen.idl.compat.verdict import Judgement


def _judge(change: Change) -> Judgement:
    return Judgement(
        message=f"no finding has the fingerprint {change.name}", instead="remove the waiver"
    )


rule = Rule("waiver", "unused", "", _judge, severity="error")
