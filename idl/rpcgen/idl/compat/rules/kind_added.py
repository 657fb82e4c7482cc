"""A method can be called as well as cast, or cast as well as called.

Older servers know the one kind only, so the new one is dated.

## Before

```yaml
methods: {get: {call: any}}
```

## After

```yaml
methods:
  get:
    call: any
    cast: any since 1.4
```
"""

from __future__ import annotations

from rpcgen.idl.compat.change import Change
from rpcgen.idl.compat.rule import Rule
from rpcgen.idl.compat.verdict import MINOR, Judgement


def _judge(change: Change) -> Judgement:
    return Judgement(
        message=f'"{change.owner}" can be sent as {change.name}, too',
        wire=MINOR,
        source=MINOR,
        undated="since",
    )


rule = Rule("kind", "added", "", _judge)
