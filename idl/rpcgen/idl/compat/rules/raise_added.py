"""A method raises one more declared error.

Callers of older versions see the base class `RemoteError` where they know no better. That is right where only what is
new leads to the error, so it is a warning, too.

## Before

```yaml
errors: {Busy: {}}
methods: {get: {call: any}}
```

## After

```yaml
errors: {Busy: {}}
methods: {get: {call: any, raises: [Busy since 1.4]}}
```
"""

from __future__ import annotations

from rpcgen.idl.compat.change import Change
from rpcgen.idl.compat.rule import Rule
from rpcgen.idl.compat.verdict import MINOR, Judgement


def _judge(change: Change) -> Judgement:
    return Judgement(
        message=f'"{change.owner}" raises "{change.name}", too',
        wire=MINOR,
        source=MINOR,
        doubt="older callers see RemoteError; let only new inputs lead to it",
    )


rule = Rule("raise", "added", "", _judge)
