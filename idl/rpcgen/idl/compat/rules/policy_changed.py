"""What clients do of their own accord changed: `older`, `send` or `refused_as`.

Every message stays valid. A program may see another refusal, or none, when it is pinned to an older version.

## Before

```yaml
methods: {get: {call: any, args: {id: int, fast: bool? since 1.2}}}
```

## After

```yaml
methods:
  get:
    call: any
    args:
      id: int
      fast: {type: bool?, since: "1.2", older: drop}
```
"""

from __future__ import annotations

from rpcgen.idl.compat.change import Change
from rpcgen.idl.compat.rule import Rule
from rpcgen.idl.compat.verdict import MINOR, Judgement


def _judge(change: Change) -> Judgement:
    return Judgement(
        message=f'what clients do about "{change.path}" changed from {change.before} to {change.after}',
        source=MINOR,
    )


rule = Rule("policy", "changed", "", _judge)
