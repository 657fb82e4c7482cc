"""What is kept of a release is not what was released: the digest beside it says otherwise.

Releases are facts. Peers out there speak what was released, and a file that was changed afterwards judges new versions by
what never was. Only `rpcgen release` writes such files.

## Instead

Take the file back from the history of the repository.
"""

from __future__ import annotations

from rpcgen.idl.compat.change import Change
from rpcgen.idl.compat.rule import Rule
from rpcgen.idl.compat.verdict import Judgement


def _judge(change: Change) -> Judgement:
    return Judgement(
        message=f"what is kept of {change.name} is not what was released: its digest differs",
        instead="take the file back from the history of the repository",
    )


rule = Rule("history", "rewritten", "", _judge, severity="error")
