"""An argument, or a field of one, is gone, or ended with `until`.

Clients of released versions send it, and servers refuse arguments that they do not know. A value that was sent on
purpose is never ignored in silence.

## Before

```yaml
methods: {get: {call: any, args: {id: int, fast: bool?}}}
```

## After

```yaml
methods: {get: {call: any, args: {id: int}}}
```

## Instead

Keep it until the next major, deprecated.
"""

from __future__ import annotations

from rpcgen.idl.compat.change import Change
from rpcgen.idl.compat.rule import Rule
from rpcgen.idl.compat.verdict import MAJOR, STILL_UNDERSTOOD, Judgement


def _judge(change: Change) -> Judgement:
    return Judgement(
        message=f'"{change.path}" was removed{change.used}',
        wire=MAJOR,
        source=MAJOR,
        instead=f'keep "{change.name}", deprecated, until the next major',
        unseen=STILL_UNDERSTOOD if change.levelled else "",
    )


rule = Rule("field", "removed", "request", _judge)
