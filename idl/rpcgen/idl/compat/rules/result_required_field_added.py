"""A field of a result, an error or an event is new and is always there.

Older servers do not send it. With `since`, new readers know that: the field reads `T | None` until the next major.
Without, they fail on the answers of older servers. Tools that only look at old readers miss this.

## Before

```yaml
types: {Item: {fields: {id: int}}}
methods: {get: {call: any, returns: Item}}
```

## After

```yaml
types: {Item: {fields: {id: int, color: string}}}
methods: {get: {call: any, returns: Item}}
```

## Instead

Date it:

```yaml
types: {Item: {fields: {id: int, color: string since 1.4}}}
methods: {get: {call: any, returns: Item}}
```
"""

from __future__ import annotations

from rpcgen.idl.compat.change import Change
from rpcgen.idl.compat.rule import Rule
from rpcgen.idl.compat.verdict import MAJOR, MINOR, Judgement


def _judge(change: Change) -> Judgement:
    # However wrong the date is, readers take it for younger than the major.
    late = change.dated or bool(change.since) or not change.was_written
    return Judgement(
        message=f'"{change.path}" was added{change.used}' + ("" if late else ", without a date"),
        wire=MINOR if late else MAJOR,
        source=MINOR,
        instead="" if late else "say since when; it reads `T | None` until the next major",
        undated="since" if change.since else "",
    )


rule = Rule("required-field", "added", "result", _judge)
