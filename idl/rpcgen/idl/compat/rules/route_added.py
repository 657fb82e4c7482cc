"""A method has one way more to be sent.

Servers listen for all routes always; the date tells clients from which version on a server takes it for this method.

## Before

```yaml
methods: {wake: {cast: any}}
```

## After

```yaml
methods: {wake: {cast: [any, fanout since 1.4]}}
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


rule = Rule("route", "added", "", _judge)
