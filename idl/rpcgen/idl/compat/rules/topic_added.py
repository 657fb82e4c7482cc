"""Servers listen on one topic more.

Nothing that was said to them before changes.

## Before

```yaml
target: {topic: orders}
methods: {get: {call: any}}
```

## After

```yaml
target: {topic: orders, also: [orders-eu]}
methods: {get: {call: any}}
```
"""

from __future__ import annotations

from rpcgen.idl.compat.change import Change
from rpcgen.idl.compat.rule import Rule
from rpcgen.idl.compat.verdict import MINOR, Judgement


def _judge(change: Change) -> Judgement:
    return Judgement(message=f'servers listen on the topic "{change.name}", too', wire=MINOR)


rule = Rule("topic", "added", "", _judge)
