"""A field of a result, an error or an event may be missing or null.

Old readers rely on it. With `was_type`, and a converter that makes a value of nothing, servers write what older callers
know; nobody can do that for events. A field of an event that is there from the start, and is dated later now, is one that
may be missing, too.

## Before

```yaml
types: {Item: {fields: {id: int, color: string}}}
methods: {get: {call: any, returns: Item}}
```

## After

```yaml
types: {Item: {fields: {id: int, color: string?}}}
methods: {get: {call: any, returns: Item}}
```

## Instead

Write down what it was:

```yaml
types:
  Item:
    fields:
      id: int
      color: {type: string?, was_type: {"1.4": string}}
methods: {get: {call: any, returns: Item}}
```
"""

from __future__ import annotations

from rpcgen.idl.compat.change import Change
from rpcgen.idl.compat.rule import Rule
from rpcgen.idl.compat.verdict import MAJOR, MINOR, UNRAISED, Judgement

_ALWAYS_WRITTEN = (
    "generated servers write the default, too; whoever else answers may leave it out, and older readers "
    "refuse that"
)


def _judge(change: Change) -> Judgement:
    return Judgement(
        message=f'"{change.path}" became optional{change.used}: {change.before} became {change.after}',
        wire=MINOR if change.levelled or not change.is_written else MAJOR,
        source=MINOR if change.levelled else MAJOR,
        instead="" if change.levelled else f"always send it, or {change.recorded}",
        unseen=_unseen(change),
    )


def _unseen(change: Change) -> str:
    if not (change.is_written or change.levelled):
        return UNRAISED
    always = change.told and change.root.reader != "event" and not change.levelled
    return _ALWAYS_WRITTEN if always else ""


rule = Rule("field", "became-optional", "result", _judge)
