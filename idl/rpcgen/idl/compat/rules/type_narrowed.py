"""The new type holds fewer values: float became int, string became an enum, any became something.

In a request, servers refuse values of released versions. In a result, new clients fail on values of older servers: tools
that only look at old readers miss this. An open enum takes any text, so there only programs notice.

## Before

```yaml
methods: {get: {call: any, args: {ratio: float}}}
```

## After

```yaml
methods: {get: {call: any, args: {ratio: int}}}
```

## Instead

Write down what it was, with a converter:

```yaml
methods:
  get:
    call: any
    args:
      ratio: {type: int, was_type: {"1.4": float}}
```
"""

from __future__ import annotations

from rpcgen.idl.compat.change import Change
from rpcgen.idl.compat.rule import Rule
from rpcgen.idl.compat.verdict import MAJOR, MINOR, NONE, STILL_READ, Judgement


def _judge(change: Change) -> Judgement:
    eased = change.levelled or not change.was_written
    return Judgement(
        message=f'the type of "{change.path}" was narrowed from {change.before} to {change.after}{change.used}',
        wire=MINOR if eased else NONE if change.open else MAJOR,
        source=MINOR if eased else MAJOR,
        instead="" if eased else change.recorded,
        unseen="an open enum takes any text; programs see another type"
        if change.open and not eased
        else STILL_READ
        if change.kept
        else "",
    )


rule = Rule("type", "narrowed", "", _judge)
