"""An open enum or union that is answered or published became closed.

Old readers know all that is sent; that older servers send nothing else is their promise.

## Before

```yaml
types: {State: {open: true, enum: [running, paused]}}
methods: {get: {call: any, returns: State}}
```

## After

```yaml
types: {State: {enum: [running, paused]}}
methods: {get: {call: any, returns: State}}
```
"""

from __future__ import annotations

from rpcgen.idl.compat.change import Change
from rpcgen.idl.compat.rule import Rule
from rpcgen.idl.compat.verdict import MINOR, Judgement


def _judge(change: Change) -> Judgement:
    return Judgement(
        message=f'the {change.before} "{change.owner}" was closed{change.used}',
        wire=MINOR,
        source=MINOR,
    )


rule = Rule("type", "closed", "result", _judge)
