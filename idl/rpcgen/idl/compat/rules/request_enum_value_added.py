"""An enum that requests carry gained a value.

Its `since` lets clients refuse it for servers that do not know it.

## Before

```yaml
types: {Mode: {enum: [slow]}}
methods: {put: {call: any, args: {mode: Mode}}}
```

## After

```yaml
types: {Mode: {enum: [slow, fast since 1.4]}}
methods: {put: {call: any, args: {mode: Mode}}}
```
"""

from __future__ import annotations

from rpcgen.idl.compat.change import Change
from rpcgen.idl.compat.rule import Rule
from rpcgen.idl.compat.verdict import MINOR, Judgement


def _judge(change: Change) -> Judgement:
    return Judgement(
        message=f'the enum "{change.owner}" gained "{change.name}"{change.used}',
        wire=MINOR,
        source=MINOR,
        undated="since",
    )


rule = Rule("enum-value", "added", "request", _judge)
