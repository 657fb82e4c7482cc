"""A field of a result, an error or an event is gone, or ended with `until`.

Old readers fail without a field that has to be there. Without an optional one they read None; then only programs that
use the field break, when they take the new code.

## Before

```yaml
types: {Item: {fields: {id: int, color: string}}}
methods: {get: {call: any, returns: Item}}
```

## After

```yaml
types: {Item: {fields: {id: int}}}
methods: {get: {call: any, returns: Item}}
```

## Instead

Keep it until the next major, deprecated.
"""

from __future__ import annotations

from rpcgen.idl.compat.change import Change
from rpcgen.idl.compat.rule import Rule
from rpcgen.idl.compat.verdict import MAJOR, NONE, STILL_UNDERSTOOD, UNRAISED, Judgement


def _judge(change: Change) -> Judgement:
    return Judgement(
        message=f'"{change.path}" was removed{change.used}',
        wire=MAJOR if change.required and change.is_written else NONE,
        source=MAJOR,
        instead=f'keep "{change.name}", deprecated, until the next major',
        unseen=_unseen(change),
    )


def _unseen(change: Change) -> str:
    if not change.required:
        return (
            "old readers read the absent field as None or its default; programs that use it break"
        )
    if not change.is_written:
        return UNRAISED
    return STILL_UNDERSTOOD if change.levelled else ""


rule = Rule("field", "removed", "result", _judge)
