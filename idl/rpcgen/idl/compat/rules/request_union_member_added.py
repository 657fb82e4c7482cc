"""A union that requests carry gained a member.

Its `since` lets clients refuse it for servers that do not know it.

## Before

```yaml
types:
  Disk: {fields: {id: int}}
  Source: {union: {disk: Disk}}
methods: {put: {call: any, args: {source: Source}}}
```

## After

```yaml
types:
  Disk: {fields: {id: int}}
  Source: {union: {disk: Disk, copy: Disk since 1.4}}
methods: {put: {call: any, args: {source: Source}}}
```
"""

from __future__ import annotations

from rpcgen.idl.compat.change import Change
from rpcgen.idl.compat.rule import Rule
from rpcgen.idl.compat.verdict import MINOR, Judgement


def _judge(change: Change) -> Judgement:
    return Judgement(
        message=f'the union "{change.owner}" gained "{change.name}"{change.used}',
        wire=MINOR,
        source=MINOR,
        undated="since",
    )


rule = Rule("union-member", "added", "request", _judge)
