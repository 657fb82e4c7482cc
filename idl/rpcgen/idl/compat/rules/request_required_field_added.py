"""An argument, or a field of one, is new and has to be there.

Messages of every released version lack it, and servers refuse them.

## Before

```yaml
methods: {get: {call: any, args: {id: int}}}
```

## After

```yaml
methods: {get: {call: any, args: {id: int, color: string}}}
```

## Instead

Make it optional, or give it a default:

```yaml
methods: {get: {call: any, args: {id: int, color: string? since 1.4}}}
```
"""

from __future__ import annotations

from rpcgen.idl.compat.change import Change
from rpcgen.idl.compat.rule import Rule
from rpcgen.idl.compat.verdict import MAJOR, Judgement


def _judge(change: Change) -> Judgement:
    return Judgement(
        message=f'"{change.path}" was added{change.used}, and has to be given',
        wire=MAJOR,
        source=MAJOR,
        instead=f'make "{change.name}" nullable or give it a default, and date it',
    )


rule = Rule("required-field", "added", "request", _judge)
