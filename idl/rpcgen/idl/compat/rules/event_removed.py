"""An event is gone, or ended with `until`.

Subscribers wait for it in vain, and notice nothing.

## Before

```yaml
types: {Order: {fields: {id: uuid}}}
events: {order.placed: {payload: Order}, order.paid: {payload: Order}}
```

## After

```yaml
types: {Order: {fields: {id: uuid}}}
events: {order.placed: {payload: Order}}
```

## Instead

Keep publishing it until the next major.
"""

from __future__ import annotations

from rpcgen.idl.compat.change import Change
from rpcgen.idl.compat.rule import Rule
from rpcgen.idl.compat.verdict import MAJOR, Judgement


def _judge(change: Change) -> Judgement:
    return Judgement(
        message=f'the event "{change.owner}" was removed',
        wire=MAJOR,
        source=MAJOR,
        instead="keep publishing it until the next major",
        unseen="subscribers wait for a message that never comes",
    )


rule = Rule("event", "removed", "", _judge)
