"""Casts of a method are kept until a server has run them.

A handler may now get the same message twice. That costs nothing where the method is idempotent anyway, and breaks handlers
that count on once. Servers of the older version do not look where such messages wait, so those wait until servers are new.

## Before

```yaml
methods: {order: {cast: any}}
```

## After

```yaml
methods: {order: {cast: any, delivery: at_least_once}}
```

## Instead

Say that the method may be done twice, and see to it:

```yaml
methods: {order: {cast: any, idempotent: true, delivery: at_least_once}}
```
"""

from __future__ import annotations

from rpcgen.idl.compat.change import Change
from rpcgen.idl.compat.rule import Rule
from rpcgen.idl.compat.verdict import MAJOR, MINOR, Judgement


def _judge(change: Change) -> Judgement:
    return Judgement(
        message=f'"{change.owner}" is now delivered at least once',
        wire=MINOR if change.open else MAJOR,
        instead="" if change.open else "make the method idempotent",
        unseen="" if change.open else "the message is the same; its handler may run twice",
        doubt="servers of the older version do not get it, and handlers may get it twice",
    )


rule = Rule("delivery", "raised", "", _judge)
