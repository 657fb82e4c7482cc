"""An open enum or union that requests carry became closed.

Clients of released versions may send what servers no longer take.

## Before

```yaml
types: {Mode: {open: true, enum: [slow, fast]}}
methods: {put: {call: any, args: {mode: Mode}}}
```

## After

```yaml
types: {Mode: {enum: [slow, fast]}}
methods: {put: {call: any, args: {mode: Mode}}}
```

## Instead

Keep it open until the next major.
"""

from __future__ import annotations

from rpcgen.idl.compat.change import Change
from rpcgen.idl.compat.rule import Rule
from rpcgen.idl.compat.verdict import MAJOR, Judgement


def _judge(change: Change) -> Judgement:
    return Judgement(
        message=f'the {change.before} "{change.owner}" was closed{change.used}',
        wire=MAJOR,
        source=MAJOR,
        instead="keep it open until the next major",
    )


rule = Rule("type", "closed", "request", _judge)
