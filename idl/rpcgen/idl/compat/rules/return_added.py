"""A method that answered nothing answers something.

A client of an older version expects nothing, and a new one finds nothing in the answer of an older server.

## Before

```yaml
methods: {put: {call: any}}
```

## After

```yaml
methods: {put: {call: any, returns: int}}
```

## Instead

Write down what it was, with a converter that makes a result of nothing:

```yaml
methods: {put: {call: any, returns: int, was: {"1.4": {returns: null}}}}
```
"""

from __future__ import annotations

from rpcgen.idl.compat.change import Change
from rpcgen.idl.compat.rule import Rule
from rpcgen.idl.compat.verdict import MAJOR, Judgement


def _judge(change: Change) -> Judgement:
    return Judgement(
        message=f'"{change.owner}" answered nothing and returns {change.after}',
        wire=MAJOR,
        source=MAJOR,
        instead="say what it was: was: {VERSION: {returns: null}}, with a converter",
    )


rule = Rule("return", "added", "", _judge)
