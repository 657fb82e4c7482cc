"""Casts of a method are no longer sure to arrive.

A caller that was told that its message is kept relies on it; now the message may vanish.

## Before

```yaml
methods: {order: {cast: any, delivery: at_least_once}}
```

## After

```yaml
methods: {order: {cast: any}}
```

## Instead

Keep it, or write a new method.
"""

from __future__ import annotations

from rpcgen.idl.compat.change import Change
from rpcgen.idl.compat.rule import Rule
from rpcgen.idl.compat.verdict import MAJOR, Judgement


def _judge(change: Change) -> Judgement:
    return Judgement(
        message=f'"{change.owner}" is no longer delivered at least once',
        wire=MAJOR,
        instead="write a new method, and deprecate this one",
        unseen="the message is the same; it goes another way, on which it may vanish",
    )


rule = Rule("delivery", "lowered", "", _judge)
