"""A union that requests carry lost a member.

Clients of released versions send it, and servers no longer know what it means.

## Before

```yaml
types:
  Disk: {fields: {id: int}}
  Source: {union: {disk: Disk, copy: Disk}}
methods: {put: {call: any, args: {source: Source}}}
```

## After

```yaml
types:
  Disk: {fields: {id: int}}
  Source: {union: {disk: Disk}}
methods: {put: {call: any, args: {source: Source}}}
```

## Instead

Keep it until the next major.
"""

from __future__ import annotations

from rpcgen.idl.compat.change import Change
from rpcgen.idl.compat.rule import Rule
from rpcgen.idl.compat.verdict import MAJOR, STILL_UNDERSTOOD, Judgement


def _judge(change: Change) -> Judgement:
    return Judgement(
        message=f'the union "{change.owner}" lost "{change.name}"{change.used}',
        wire=MAJOR,
        source=MAJOR,
        instead=f'keep "{change.name}" until the next major',
        unseen="an open union takes it; the handler no longer knows what it means"
        if change.open
        else STILL_UNDERSTOOD
        if change.dated
        else "",
    )


rule = Rule("union-member", "removed", "request", _judge)
