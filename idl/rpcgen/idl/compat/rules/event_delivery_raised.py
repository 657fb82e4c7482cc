"""An event is delivered at least once.

A subscriber may now get the same event twice, and one that counts on once breaks.

## Before

```yaml
types: {Order: {fields: {id: uuid}}}
events: {order.placed: {payload: Order}}
```

## After

```yaml
types: {Order: {fields: {id: uuid}}}
events: {order.placed: {payload: Order, delivery: at_least_once}}
```

## Instead

Publish another event that is delivered so.
"""

from __future__ import annotations

from rpcgen.idl.compat.change import Change
from rpcgen.idl.compat.rule import Rule
from rpcgen.idl.compat.verdict import MAJOR, Judgement


def _judge(change: Change) -> Judgement:
    return Judgement(
        message=f'the event "{change.owner}" is now delivered at least once',
        wire=MAJOR,
        instead="publish another event, and deprecate this one",
        unseen="the message is the same; it may come twice",
    )


rule = Rule("event-delivery", "raised", "", _judge)
