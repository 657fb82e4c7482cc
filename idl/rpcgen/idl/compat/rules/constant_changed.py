"""A constant is another, or the thing became or ceased to be one.

It goes out with every message, so peers of other versions see a value that they do not expect, or nothing.

## Before

```yaml
methods: {put: {call: any, args: {id: int, mode: {constant: full, type: string}}}}
```

## After

```yaml
methods: {put: {call: any, args: {id: int, mode: {constant: part, type: string}}}}
```

## Instead

End the constant at the next major, and use another name.
"""

from __future__ import annotations

from rpcgen.idl.compat.change import Change
from rpcgen.idl.compat.rule import Rule
from rpcgen.idl.compat.verdict import MAJOR, Judgement


def _judge(change: Change) -> Judgement:
    return Judgement(
        message=f'the constant "{change.path}" changed{change.used}: {change.before} became {change.after}',
        wire=MAJOR,
        source=MAJOR,
        unseen="its value is not compared; peers of other versions may rely on it",
    )


rule = Rule("constant", "changed", "", _judge)
