"""A method must no longer be done twice.

Clients of older versions still repeat the call when an answer is lost, as they were told.

## Before

```yaml
methods: {get: {call: any, idempotent: true}}
```

## After

```yaml
methods: {get: {call: any}}
```

## Instead

Keep it idempotent, or write a new method.
"""

from __future__ import annotations

from rpcgen.idl.compat.change import Change
from rpcgen.idl.compat.rule import Rule
from rpcgen.idl.compat.verdict import MAJOR, Judgement


def _judge(change: Change) -> Judgement:
    return Judgement(
        message=f'"{change.owner}" is no longer idempotent',
        wire=MAJOR,
        instead="write a new method, and deprecate this one",
        unseen="the message is the same; older clients send it twice when no answer comes",
    )


rule = Rule("idempotency", "lost", "", _judge)
