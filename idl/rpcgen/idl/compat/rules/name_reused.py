"""A name that was gone came back with another meaning.

A peer of a version in between may take one for the other. That holds for the whole major, also against a release long
before the last.

## Before

```yaml
methods: {get: {call: any, args: {id: int, kind: string?}}}
```

## After

```yaml
methods: {get: {call: any, args: {id: int, kind: bool? since 1.4}}}
```

## Instead

Use another name:

```yaml
methods: {get: {call: any, args: {id: int, kind: string?, is_kind: bool? since 1.4}}}
```
"""

from __future__ import annotations

from rpcgen.idl.compat.change import Change
from rpcgen.idl.compat.rule import Rule
from rpcgen.idl.compat.verdict import Judgement


def _judge(change: Change) -> Judgement:
    return Judgement(
        message=f'the name "{change.path}" meant {change.before} and means {change.after}',
        instead="use a name that was never there",
    )


rule = Rule("name", "reused", "", _judge, severity="error")
