"""Requests may hold values that were out of bounds.

Messages of older versions stay valid. Older servers refuse the new values, so the date has to be known: `was_type` says
what the bounds were, at the argument that uses the type.

## Before

```yaml
methods: {get: {call: any, args: {count: {type: int, max: 10}}}}
```

## After

```yaml
methods:
  get:
    call: any
    args:
      count: {type: int, max: 20, was_type: {"1.4": {type: int, max: 10}}}
```
"""

from __future__ import annotations

from rpcgen.idl.compat.change import Change
from rpcgen.idl.compat.rule import Rule
from rpcgen.idl.compat.verdict import MINOR, Judgement


def _judge(change: Change) -> Judgement:
    return Judgement(
        message=f'the bounds of "{change.path}" were loosened from {change.before} to {change.after}{change.used}',
        wire=MINOR,
        source=MINOR,
        undated="widening",
    )


rule = Rule("constraint", "loosened", "request", _judge)
