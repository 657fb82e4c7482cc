"""Something that could be left out, or be null, has to be there.

In a request, servers refuse messages of released versions that lack it. In a result, new clients fail on the answers of
older servers that do: tools that only look at old readers miss this.

## Before

```yaml
methods: {get: {call: any, args: {id: int?}}}
```

## After

```yaml
methods: {get: {call: any, args: {id: int}}}
```

## Instead

Keep it optional, or write down what it was, with a converter that knows what null meant:

```yaml
methods:
  get:
    call: any
    args:
      id: {type: int, was_type: {"1.4": int?}}
```
"""

from __future__ import annotations

from rpcgen.idl.compat.change import Change
from rpcgen.idl.compat.rule import Rule
from rpcgen.idl.compat.verdict import MAJOR, MINOR, STILL_READ, Judgement

_NULLABLE = "what began later in a major reads as `T | None` until the next one; programs no longer expect None"


def _judge(change: Change) -> Judgement:
    eased = change.levelled or not change.was_written
    return Judgement(
        message=f'"{change.path}" became required{change.used}: {change.before} became {change.after}',
        wire=MINOR if eased else MAJOR,
        source=MINOR if eased else MAJOR,
        instead=""
        if eased
        else "say by `was_type` that it was optional"
        if change.kept
        else "keep it optional until the next major",
        unseen=_NULLABLE
        if change.direction == "result" and change.since
        else STILL_READ
        if change.kept
        else "",
    )


rule = Rule("field", "became-required", "", _judge)
