"""The type is another, and neither holds the other's values.

What one side writes the other cannot read.

## Before

```yaml
methods: {get: {call: any, args: {ids: string}}}
```

## After

```yaml
methods: {get: {call: any, args: {ids: "list[string]"}}}
```

## Instead

Add an argument beside it, or write down what it was, with a converter:

```yaml
methods:
  get:
    call: any
    args:
      ids:
        type: list[string]
        was_type: {"1.4": string}
```
"""

from __future__ import annotations

from rpcgen.idl.compat.change import Change
from rpcgen.idl.compat.rule import Rule
from rpcgen.idl.compat.verdict import MAJOR, MINOR, Judgement


def _judge(change: Change) -> Judgement:
    return Judgement(
        message=f'the type of "{change.path}" changed from {change.before} to {change.after}{change.used}',
        wire=MINOR if change.levelled else MAJOR,
        source=MINOR if change.levelled else MAJOR,
        instead="" if change.levelled else change.recorded,
    )


rule = Rule("type", "changed", "", _judge)
