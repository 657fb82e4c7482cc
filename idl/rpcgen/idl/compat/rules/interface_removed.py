"""An interface that was released is in no file of the project any more.

Its clients find no server, whatever version another interface has. If that is meant, remove its folder of releases, which
says so to everybody who reads the change. Where files are compared with a commit or a folder, whose files nobody can
remove, waive it until a day.

## Instead

Keep the file until nobody calls it any more.
"""

from __future__ import annotations

from rpcgen.idl.compat.change import Change
from rpcgen.idl.compat.rule import Rule
from rpcgen.idl.compat.verdict import Judgement


def _judge(change: Change) -> Judgement:
    return Judgement(
        message=f"{change.name} was released, and no file describes it",
        instead="take the file back, or remove its releases, or waive this until a day",
    )


rule = Rule("interface", "removed", "", _judge, severity="error")
