"""An event is no longer sure to arrive.

A subscriber that counts on every event now misses some.

## Before

```yaml
types: {Order: {fields: {id: uuid}}}
events: {order.placed: {payload: Order, delivery: at_least_once}}
```

## After

```yaml
types: {Order: {fields: {id: uuid}}}
events: {order.placed: {payload: Order}}
```

## Instead

Keep it, or publish another event.
"""

from __future__ import annotations

from rpcgen.idl.compat.change import Change
from rpcgen.idl.compat.rule import Rule
from rpcgen.idl.compat.verdict import MAJOR, Judgement


def _judge(change: Change) -> Judgement:
    return Judgement(
        message=f'the event "{change.owner}" is no longer delivered at least once',
        wire=MAJOR,
        instead="publish another event, and deprecate this one",
        unseen="the message is the same; it may vanish",
    )


rule = Rule("event-delivery", "lowered", "", _judge)
