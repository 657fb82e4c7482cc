"""Clients wait less long for an answer, unless their caller says.

No message changes. Of a method that says nothing, clients wait 60 seconds. Calls that took longer than the new timeout fail once programs take the new client, so it is a
warning, too.

## Before

```yaml
methods: {get: {call: any, timeout: 60s}}
```

## After

```yaml
methods: {get: {call: any, timeout: 30s}}
```
"""

from __future__ import annotations

from rpcgen.idl.compat.change import Change
from rpcgen.idl.compat.rule import Rule
from rpcgen.idl.compat.verdict import MINOR, Judgement


def _judge(change: Change) -> Judgement:
    return Judgement(
        message=f'the timeout of "{change.owner}" was lowered from {change.before} to {change.after}',
        source=MINOR,
        doubt="calls that take longer fail in programs that take the new client",
    )


rule = Rule("timeout", "lowered", "", _judge)
