"""A value has another name in the code, and travels as before.

Programs that use the name break when they take the new code.

## Before

```yaml
types: {Mode: {enum: {FAST: "1"}}}
methods: {put: {call: any, args: {mode: Mode}}}
```

## After

```yaml
types: {Mode: {enum: {QUICK: "1"}}}
methods: {put: {call: any, args: {mode: Mode}}}
```

## Instead

Keep the name until the next major.
"""

from __future__ import annotations

from rpcgen.idl.compat.change import Change
from rpcgen.idl.compat.rule import Rule
from rpcgen.idl.compat.verdict import MAJOR, Judgement


def _judge(change: Change) -> Judgement:
    return Judgement(
        message=f'the value "{change.name}" of "{change.owner}" was called {change.before} and is called {change.after}',
        source=MAJOR,
        instead="keep the name until the next major",
        unseen="no message changes; programs that use the name break",
    )


rule = Rule("enum-value", "renamed", "", _judge)
