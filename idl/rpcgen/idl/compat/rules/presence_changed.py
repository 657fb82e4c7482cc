"""Whether absent is kept apart from null changed.

An absent value reads as None on one side and as absent on the other, so the same message means two things.

## Before

```yaml
types: {Patch: {fields: {note: string?}}}
methods: {put: {call: any, args: {patch: Patch}}}
```

## After

```yaml
types: {Patch: {presence: explicit, fields: {note: string?}}}
methods: {put: {call: any, args: {patch: Patch}}}
```

## Instead

Use a new type, in a new optional argument.
"""

from __future__ import annotations

from rpcgen.idl.compat.change import Change
from rpcgen.idl.compat.rule import Rule
from rpcgen.idl.compat.verdict import MAJOR, Judgement


def _judge(change: Change) -> Judgement:
    return Judgement(
        message=f'the presence of "{change.path}" changed{change.used}',
        wire=MAJOR,
        source=MAJOR,
        instead="use a new type in a new optional argument or field",
        unseen="the message is read by both; absent means something else",
    )


rule = Rule("presence", "changed", "", _judge)
