"""What is kept of a release is not what was released: the digest beside it says otherwise, or the file is gone.

Releases are facts. Peers out there speak what was released, and a file that was changed afterwards judges new versions by
what never was; without it they are not judged by it at all. Only `rpcgen release` writes such files, and nothing removes one.
That the last one of a major is gone shows only in comparison: `--against git:origin/main:rpcgen.lock` asks the releases of
another branch.

## Instead

Take the file back from the history of the repository.
"""

from __future__ import annotations

from rpcgen.idl.compat.change import Change
from rpcgen.idl.compat.rule import Rule
from rpcgen.idl.compat.verdict import Judgement

_WHAT = {
    "changed": "its digest differs",
    "gone": "its file is gone, and releases before and after it are there",
}


def _judge(change: Change) -> Judgement:
    return Judgement(
        message=f"what is kept of {change.name} is not what was released: {_WHAT[change.after]}",
        instead="take the file back from the history of the repository",
    )


rule = Rule("history", "rewritten", "", _judge, severity="error")
