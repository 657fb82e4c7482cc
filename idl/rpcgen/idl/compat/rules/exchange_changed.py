"""The exchange changed.

Old clients and new servers, and new clients and old servers, use different exchanges and never meet. A major alone does
not help: its servers cannot be found by clients of the one before.

## Before

```yaml
target: {exchange: shop, topic: orders}
methods: {get: {call: any}}
```

## After

```yaml
target: {exchange: store, topic: orders}
methods: {get: {call: any}}
```

## Instead

Move to a topic of another name first, which `target.also` can announce, or keep the exchange.
"""

from __future__ import annotations

from rpcgen.idl.compat.change import Change
from rpcgen.idl.compat.rule import Rule
from rpcgen.idl.compat.verdict import MAJOR, Judgement


def _judge(change: Change) -> Judgement:
    return Judgement(
        message=f'the exchange "{change.before}" became "{change.after}"',
        wire=MAJOR,
        unseen="no message arrives: clients and servers use different exchanges",
    )


rule = Rule("exchange", "changed", "", _judge)
