"""Messages with the same value at a path are handled one after the other.

No message changes. Servers of the older version do not keep the order, and over RabbitMQ they do not look where such
messages wait, so servers are upgraded first, as always.

## Before

```yaml
methods: {move: {cast: any, args: {order: uuid}}}
```

## After

```yaml
methods: {move: {cast: any, args: {order: uuid}, ordering_key: order}}
```
"""

from __future__ import annotations

from rpcgen.idl.compat.change import Change
from rpcgen.idl.compat.rule import Rule
from rpcgen.idl.compat.verdict import MINOR, Judgement


def _judge(change: Change) -> Judgement:
    return Judgement(
        message=f'messages of "{change.owner}" with one "{change.after}" now keep their order',
        wire=MINOR,
        doubt="whoever handles them at the older version does not keep it",
    )


rule = Rule("order", "gained", "", _judge)
