"""Results, errors or events keep to narrower bounds.

Readers enforce none, so the wider values of older servers can still be read.

## Before

```yaml
methods: {get: {call: any, returns: {type: int, max: 20}}}
```

## After

```yaml
methods: {get: {call: any, returns: {type: int, max: 10}}}
```
"""

from __future__ import annotations

from rpcgen.idl.compat.change import Change
from rpcgen.idl.compat.rule import Rule
from rpcgen.idl.compat.verdict import MINOR, Judgement


def _judge(change: Change) -> Judgement:
    return Judgement(
        message=f'the bounds of "{change.path}" were tightened from {change.before} to {change.after}{change.used}',
        source=MINOR,
    )


rule = Rule("constraint", "tightened", "result", _judge)
