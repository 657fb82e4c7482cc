"""Messages may wait less long than before, or not for ever any more.

A caller counts on what it was told: a message that waited for a server that was away was run when it came back, and is now
dropped.

## Before

```yaml
methods: {report: {cast: any, ttl: 5m}}
```

## After

```yaml
methods: {report: {cast: any, ttl: 1m}}
```

## Instead

Keep it, or write a new method.
"""

from __future__ import annotations

from rpcgen.idl.compat.change import Change
from rpcgen.idl.compat.rule import Rule
from rpcgen.idl.compat.verdict import MAJOR, Judgement


def _judge(change: Change) -> Judgement:
    return Judgement(
        message=f'messages of "{change.owner}" may wait less long: {change.before}, now {change.after}',
        wire=MAJOR,
        instead="write a new method or event, and deprecate this one",
        unseen="the message is the same; it is dropped if it waits for longer",
    )


rule = Rule("ttl", "lowered", "", _judge)
