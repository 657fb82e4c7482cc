"""A method that used to be cast is called now.

A client that is pinned to an older version has no answer to give to its program, and waiting and failing become visible
where nobody expects them.

## Before

```yaml
methods: {get: {cast: any}}
```

## After

```yaml
methods: {get: {call: any}}
```

## Instead

Offer both:

```yaml
methods:
  get:
    cast: any
    call: any since 1.4
```
"""

from __future__ import annotations

from rpcgen.idl.compat.change import Change
from rpcgen.idl.compat.rule import Rule
from rpcgen.idl.compat.verdict import MAJOR, Judgement


def _judge(change: Change) -> Judgement:
    return Judgement(
        message=f'the cast "{change.owner}" became a call',
        wire=MAJOR,
        source=MAJOR,
        instead="offer both: keep `cast`, and date the `call`",
        unseen="the message is the same; older servers send no answer",
    )


rule = Rule("cast", "became-call", "", _judge)
