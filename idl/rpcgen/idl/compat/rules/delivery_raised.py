"""Casts of a method are kept until a server has run them.

Servers of the older version do not look where such messages wait, so those wait until servers are new; and a handler may now
get the same message twice.

## Before

```yaml
methods: {order: {cast: any}}
```

## After

```yaml
methods: {order: {cast: any, delivery: at_least_once}}
```
"""

from __future__ import annotations

from rpcgen.idl.compat.change import Change
from rpcgen.idl.compat.rule import Rule
from rpcgen.idl.compat.verdict import MINOR, Judgement


def _judge(change: Change) -> Judgement:
    return Judgement(
        message=f'"{change.owner}" is now delivered at least once',
        wire=MINOR,
        doubt="servers of the older version do not get it, and handlers may get it twice",
    )


rule = Rule("delivery", "raised", "", _judge)
