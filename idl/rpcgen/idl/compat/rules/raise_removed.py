"""A method no longer declares an error.

Servers of older versions still raise it, so callers go on catching it: keep the error's class.

## Before

```yaml
errors: {Busy: {}}
methods: {get: {call: any, raises: [Busy]}}
```

## After

```yaml
errors: {Busy: {}}
methods: {get: {call: any}}
```
"""

from __future__ import annotations

from rpcgen.idl.compat.change import Change
from rpcgen.idl.compat.rule import Rule
from rpcgen.idl.compat.verdict import MINOR, Judgement


def _judge(change: Change) -> Judgement:
    return Judgement(
        message=f'"{change.owner}" no longer raises "{change.name}"',
        wire=MINOR,
        source=MINOR,
        doubt="older servers still raise it; keep the error itself",
    )


rule = Rule("raise", "removed", "", _judge)
