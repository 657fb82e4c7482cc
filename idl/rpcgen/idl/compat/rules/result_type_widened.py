"""A result, an error or an event may hold more values: int became float, an enum became string, something became any.

Old readers fail on the new values. Readers of an open enum take any text, so there only programs notice.

## Before

```yaml
methods: {get: {call: any, returns: int}}
```

## After

```yaml
methods: {get: {call: any, returns: float}}
```

## Instead

Add a field beside it, or write down what it was, with a converter:

```yaml
methods: {get: {call: any, returns: float, was: {"1.4": {returns: int}}}}
```
"""

from __future__ import annotations

from rpcgen.idl.compat.change import Change
from rpcgen.idl.compat.rule import Rule
from rpcgen.idl.compat.verdict import MAJOR, MINOR, NONE, UNRAISED, Judgement


def _judge(change: Change) -> Judgement:
    passes = change.open or not change.is_written
    return Judgement(
        message=f'the type of "{change.path}" was widened from {change.before} to {change.after}{change.used}',
        wire=MINOR if change.levelled else NONE if passes else MAJOR,
        source=MINOR if change.levelled else MAJOR,
        instead="" if change.levelled else change.recorded,
        unseen="" if change.levelled else _unseen(change),
    )


def _unseen(change: Change) -> str:
    if change.open:
        return "readers of an open enum take any text; programs see another type"
    return "" if change.is_written else UNRAISED


rule = Rule("type", "widened", "result", _judge)
