"""A way in which a method could be sent is gone.

Whoever used it reaches another server than before, or more or fewer of them, or none.

## Before

```yaml
methods: {wake: {cast: [any, fanout]}}
```

## After

```yaml
methods: {wake: {cast: any}}
```

## Instead

Keep it until the next major.
"""

from __future__ import annotations

from rpcgen.idl.compat.change import Change
from rpcgen.idl.compat.rule import Rule
from rpcgen.idl.compat.verdict import MAJOR, Judgement


def _judge(change: Change) -> Judgement:
    return Judgement(
        message=f'"{change.owner}" can no longer be sent as {change.name}',
        wire=MAJOR,
        source=MAJOR,
        instead="keep the route until the next major",
        unseen="the message is the same; it reaches other servers, or none",
    )


rule = Rule("route", "removed", "", _judge)
