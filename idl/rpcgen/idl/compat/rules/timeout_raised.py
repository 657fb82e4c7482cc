"""Clients wait longer for an answer, unless their caller says.

No message changes. Of a method that says nothing, clients wait 60 seconds; to say just that is told here, too.

## Before

```yaml
methods: {get: {call: any, timeout: 30s}}
```

## After

```yaml
methods: {get: {call: any, timeout: 60s}}
```
"""

from __future__ import annotations

from rpcgen.idl.compat.change import Change
from rpcgen.idl.compat.rule import Rule
from rpcgen.idl.compat.verdict import MINOR, Judgement


def _judge(change: Change) -> Judgement:
    return Judgement(
        message=f'the timeout of "{change.owner}" went from {change.before} to {change.after}',
        source=MINOR,
    )


rule = Rule("timeout", "raised", "", _judge)
