"""Servers no longer listen on a topic.

Whoever still sends there reaches nobody.

## Before

```yaml
target: {topic: orders, also: [orders-old]}
methods: {get: {call: any}}
```

## After

```yaml
target: {topic: orders}
methods: {get: {call: any}}
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
        message=f'servers no longer listen on the topic "{change.name}"',
        wire=MAJOR,
        instead="keep it in `also` until the next major",
        unseen="no message arrives: nobody listens there any more",
    )


rule = Rule("topic", "removed", "", _judge)
