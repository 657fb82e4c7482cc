"""An argument, or a field of one, may be left out or null.

Messages of older versions stay valid. Older servers refuse messages that make use of it, so the date has to be known:
`was_type` says until when it was otherwise.

## Before

```yaml
methods: {get: {call: any, args: {id: int}}}
```

## After

```yaml
methods:
  get:
    call: any
    args:
      id: {type: int?, was_type: {"1.4": int}}
```
"""

from __future__ import annotations

from rpcgen.idl.compat.change import Change
from rpcgen.idl.compat.rule import Rule
from rpcgen.idl.compat.verdict import MINOR, Judgement


def _judge(change: Change) -> Judgement:
    return Judgement(
        message=f'"{change.path}" became optional{change.used}: {change.before} became {change.after}',
        wire=MINOR,
        source=MINOR,
        undated="widening",
    )


rule = Rule("field", "became-optional", "request", _judge)
