"""A method is gone, or ended with `until`.

Clients of every released version call it, and get an error about an unknown method; a cast is lost without one. That it
was deprecated changes nothing for a client that still calls it.

## Before

```yaml
methods:
  get: {call: any}
  put: {cast: any}
```

## After

```yaml
methods: {get: {call: any}}
```

## Instead

Keep the method until the next major, and tell its callers:

```yaml
methods:
  get: {call: any}
  put: {cast: any, deprecated: {use: get}}
```
"""

from __future__ import annotations

from rpcgen.idl.compat.change import Change
from rpcgen.idl.compat.rule import Rule
from rpcgen.idl.compat.verdict import MAJOR, STILL_UNDERSTOOD, Judgement


def _judge(change: Change) -> Judgement:
    return Judgement(
        message=f'the method "{change.owner}" was removed',
        wire=MAJOR,
        source=MAJOR,
        instead=f'keep "{change.owner}", deprecated, until the next major',
        unseen=STILL_UNDERSTOOD
        if change.levelled
        else "every message of the method is refused, whatever is in it",
    )


rule = Rule("method", "removed", "", _judge)
