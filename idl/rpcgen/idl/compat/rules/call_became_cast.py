"""Nobody answers a method any more that used to be called.

A client of an older version waits for the answer until its time is up.

## Before

```yaml
methods: {get: {call: any}}
```

## After

```yaml
methods: {get: {cast: any}}
```

## Instead

Offer both:

```yaml
methods:
  get:
    call: any
    cast: any since 1.4
```
"""

from __future__ import annotations

from rpcgen.idl.compat.change import Change
from rpcgen.idl.compat.rule import Rule
from rpcgen.idl.compat.verdict import MAJOR, Judgement


def _judge(change: Change) -> Judgement:
    return Judgement(
        message=f'the call "{change.owner}" became a cast',
        wire=MAJOR,
        source=MAJOR,
        instead="offer both: keep `call`, and date the `cast`",
        unseen="the message is the same; its answer never comes",
    )


rule = Rule("call", "became-cast", "", _judge)
