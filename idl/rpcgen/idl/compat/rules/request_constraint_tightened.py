"""Requests must keep to narrower bounds.

Servers refuse values that clients of released versions may send.

## Before

```yaml
methods: {get: {call: any, args: {count: {type: int, max: 20}}}}
```

## After

```yaml
methods: {get: {call: any, args: {count: {type: int, max: 10}}}}
```

## Instead

Keep the bounds until the next major, or say what they were, with a converter:

```yaml
methods:
  get:
    call: any
    args:
      count: {type: int, max: 10, was_type: {"1.4": {type: int, max: 20}}}
```
"""

from __future__ import annotations

from rpcgen.idl.compat.change import Change
from rpcgen.idl.compat.rule import Rule
from rpcgen.idl.compat.verdict import MAJOR, MINOR, NONE, Judgement

_UNSENT = "it is younger than what it belongs to, so clients leave it out while it is empty; programs that give it break"


def _judge(change: Change) -> Judgement:
    return Judgement(
        message=f'the bounds of "{change.path}" were tightened from {change.before} to {change.after}{change.used}',
        wire=MINOR if change.levelled else NONE if change.unsent else MAJOR,
        source=MINOR if change.levelled else MAJOR,
        instead="" if change.levelled else _kept(change.before),
        unseen=_UNSENT if change.unsent and not change.levelled else "",
    )


def _kept(bounds: str) -> str:
    return "keep it without bounds" if bounds == "no bounds" else f"keep the bounds: {bounds}"


rule = Rule("constraint", "tightened", "request", _judge)
