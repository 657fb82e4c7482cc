"""An event is new.

Nobody waits for it yet.

## Before

```yaml
types: {Order: {fields: {id: uuid}}}
events: {order.placed: {payload: Order}}
```

## After

```yaml
types: {Order: {fields: {id: uuid}}}
events:
  order.placed: {payload: Order}
  order.paid: {payload: Order, since: "1.4"}
```
"""

from __future__ import annotations

from rpcgen.idl.compat.change import Change
from rpcgen.idl.compat.rule import Rule
from rpcgen.idl.compat.verdict import MINOR, Judgement


def _judge(change: Change) -> Judgement:
    return Judgement(
        message=f'the event "{change.owner}" was added', wire=MINOR, source=MINOR, undated="since"
    )


rule = Rule("event", "added", "", _judge)
