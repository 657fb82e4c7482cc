"""A method may be done twice.

New clients repeat a call whose answer was lost.

## Before

```yaml
methods: {get: {call: any}}
```

## After

```yaml
methods: {get: {call: any, idempotent: true}}
```
"""

from __future__ import annotations

from rpcgen.idl.compat.change import Change
from rpcgen.idl.compat.rule import Rule
from rpcgen.idl.compat.verdict import MINOR, Judgement


def _judge(change: Change) -> Judgement:
    return Judgement(message=f'"{change.owner}" became idempotent', wire=MINOR)


rule = Rule("idempotency", "gained", "", _judge)
