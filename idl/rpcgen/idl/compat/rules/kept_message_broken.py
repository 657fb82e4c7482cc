"""A message that was kept as a regression test still fails.

`rpcgen check --write-cases DIR` keeps the messages that show what changes break, and `rpcgen check --cases DIR` tries them
again. A message passes if it is read as it was meant, or if its writer never writes it any more.

## Instead

Mend what breaks it. If the break was meant, and a new major says so, remove the file.
"""

from __future__ import annotations

from rpcgen.idl.compat.change import Change
from rpcgen.idl.compat.rule import Rule
from rpcgen.idl.compat.verdict import Judgement


def _judge(change: Change) -> Judgement:
    return Judgement(
        message=f"the message {change.name} still breaks peers of {change.told}: {change.after}",
        instead="mend what breaks it, or remove the file if the break was meant",
    )


rule = Rule("kept-message", "broken", "", _judge, severity="error")
