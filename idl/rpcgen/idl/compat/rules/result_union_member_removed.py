"""A union that is answered or published lost a member.

Older servers still send it. New readers of a closed union fail on it; those of an open one keep it, and only programs
that use the member break. So do readers of a field that is `any` now, and was the union by its `was_type`.

## Before

```yaml
types:
  Disk: {fields: {id: int}}
  Source: {union: {disk: Disk, copy: Disk}}
methods: {get: {call: any, returns: Source}}
```

## After

```yaml
types:
  Disk: {fields: {id: int}}
  Source: {union: {disk: Disk}}
methods: {get: {call: any, returns: Source}}
```

## Instead

Keep it until the next major.
"""

from __future__ import annotations

from rpcgen.idl.compat.change import Change
from rpcgen.idl.compat.rule import Rule, unseen_removal
from rpcgen.idl.compat.verdict import MAJOR, NONE, Judgement


def _judge(change: Change) -> Judgement:
    return Judgement(
        message=f'the {"open" if change.open else "closed"} union "{change.owner}" lost "{change.name}"{change.used}',
        wire=NONE if change.open or not change.was_written else MAJOR,
        source=MAJOR,
        instead=f'keep "{change.name}" until the next major',
        unseen=unseen_removal(
            change, "readers of an open union keep the member; programs that use it break"
        ),
    )


rule = Rule("union-member", "removed", "result", _judge)
