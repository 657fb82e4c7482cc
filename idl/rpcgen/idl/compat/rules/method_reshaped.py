"""A method has a new form, and `was` keeps the old one.

Messages of older versions stay valid; the program's converters turn one form into the other.

## Before

```yaml
methods: {get: {call: any, args: {name: string}}}
```

## After

```yaml
methods:
  get:
    call: any
    args: {id: uuid}
    was: {"1.4": {args: {name: string}}}
```
"""

from __future__ import annotations

from rpcgen.idl.compat.change import Change
from rpcgen.idl.compat.rule import Rule
from rpcgen.idl.compat.verdict import MINOR, Judgement


def _judge(change: Change) -> Judgement:
    return Judgement(
        message=f'the method "{change.owner}" has a new form; it was {change.before}',
        wire=MINOR,
        source=MINOR,
    )


rule = Rule("method", "reshaped", "", _judge)
