"""What older readers are told instead of a newer value changed.

They know the value that they are told, whichever it is. What becomes of a value without a fallback is judged by
`result-enum-value-added`.

## Before

```yaml
types: {State: {enum: [idle, busy, moving since 1.2], fallback: {moving: idle}}}
methods: {get: {call: any, returns: State}}
```

## After

```yaml
types: {State: {enum: [idle, busy, moving since 1.2], fallback: {moving: busy}}}
methods: {get: {call: any, returns: State}}
```
"""

from __future__ import annotations

from rpcgen.idl.compat.change import Change
from rpcgen.idl.compat.rule import Rule
from rpcgen.idl.compat.verdict import MINOR, Judgement


def _judge(change: Change) -> Judgement:
    return Judgement(
        message=f'the fallback of "{change.owner}" changed from {change.before} to {change.after}{change.used}',
        wire=MINOR,
    )


rule = Rule("fallback", "changed", "", _judge)
