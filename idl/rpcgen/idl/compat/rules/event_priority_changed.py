"""An event has another priority.

Subscribers filter by it, and their queues are named for it.

## Before

```yaml
types: {Order: {fields: {id: uuid}}}
events: {order.placed: {payload: Order, priority: info}}
```

## After

```yaml
types: {Order: {fields: {id: uuid}}}
events: {order.placed: {payload: Order, priority: warn}}
```

## Instead

Publish another event with the other priority.
"""

from __future__ import annotations

from rpcgen.idl.compat.change import Change
from rpcgen.idl.compat.rule import Rule
from rpcgen.idl.compat.verdict import MAJOR, Judgement


def _judge(change: Change) -> Judgement:
    return Judgement(
        message=f'the priority of "{change.owner}" was {change.before} and is {change.after}',
        wire=MAJOR,
        unseen="the message is the same; it goes where other subscribers listen",
    )


rule = Rule("event-priority", "changed", "", _judge)
