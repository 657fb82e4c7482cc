"""A request takes more values: int became float, an enum became string, something became any.

Messages of older versions stay valid. Older servers refuse the new values, so the date has to be known: `was_type` says
until when it was otherwise.

## Before

```yaml
methods: {get: {call: any, args: {ratio: int}}}
```

## After

```yaml
methods:
  get:
    call: any
    args:
      ratio: {type: float, was_type: {"1.4": int}}
```
"""

from __future__ import annotations

from rpcgen.idl.compat.change import Change
from rpcgen.idl.compat.rule import Rule
from rpcgen.idl.compat.verdict import MINOR, Judgement


def _judge(change: Change) -> Judgement:
    return Judgement(
        message=f'the type of "{change.path}" was widened from {change.before} to {change.after}{change.used}',
        wire=MINOR,
        source=MINOR,
        undated="widening",
    )


rule = Rule("type", "widened", "request", _judge)
