"""A union that is answered or published gained a member.

Old readers of a closed union fail on a tag that they do not know; those of an open one keep it. There is no fallback for
members.

## Before

```yaml
types:
  Disk: {fields: {id: int}}
  Source: {union: {disk: Disk}}
methods: {get: {call: any, returns: Source}}
```

## After

```yaml
types:
  Disk: {fields: {id: int}}
  Source: {union: {disk: Disk, copy: Disk since 1.4}}
methods: {get: {call: any, returns: Source}}
```

## Instead

Declare the union open in the next major, and add members after that.
"""

from __future__ import annotations

from rpcgen.idl.compat.change import Change
from rpcgen.idl.compat.rule import Rule
from rpcgen.idl.compat.verdict import MAJOR, MINOR, Judgement


def _judge(change: Change) -> Judgement:
    passes = change.open or not change.is_written
    return Judgement(
        message=f'the {"open" if change.open else "closed"} union "{change.owner}" gained "{change.name}"{change.used}',
        wire=MINOR if passes else MAJOR,
        source=MINOR,
        instead="" if passes else f"declare {change.owner} open in the next major",
        undated="since",
    )


rule = Rule("union-member", "added", "result", _judge)
