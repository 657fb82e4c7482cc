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
from rpcgen.idl.compat.verdict import MAJOR, MINOR, Judgement


def _judge(change: Change) -> Judgement:
    return Judgement(
        message=f'the bounds of "{change.path}" were tightened from {change.before} to {change.after}{change.used}',
        wire=MINOR if change.levelled else MAJOR,
        source=MINOR if change.levelled else MAJOR,
        instead="" if change.levelled else _kept(change.before),
    )


def _kept(bounds: str) -> str:
    return "keep it without bounds" if bounds == "no bounds" else f"keep the bounds: {bounds}"


rule = Rule("constraint", "tightened", "request", _judge)
