"""A method has a new name, and `was` keeps the old one.

Servers answer both, each at its own versions, and a client that is pinned to an older version sends the old name.

## Before

```yaml
methods: {fetch: {call: any}}
```

## After

```yaml
methods: {get: {call: any, was: {"1.4": fetch}}}
```
"""

from __future__ import annotations

from rpcgen.idl.compat.change import Change
from rpcgen.idl.compat.rule import Rule
from rpcgen.idl.compat.verdict import MINOR, Judgement


def _judge(change: Change) -> Judgement:
    return Judgement(
        message=f'the method "{change.before}" was renamed to "{change.after}"',
        wire=MINOR,
        source=MINOR,
    )


rule = Rule("method", "renamed", "", _judge)
