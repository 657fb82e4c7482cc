"""Messages may wait longer than before.

No message changes. What was dropped when servers were away for long is now run, later; clients of the older version go on
saying the shorter time.

## Before

```yaml
methods: {report: {cast: any, ttl: 1m}}
```

## After

```yaml
methods: {report: {cast: any, ttl: 5m}}
```
"""

from __future__ import annotations

from rpcgen.idl.compat.change import Change
from rpcgen.idl.compat.rule import Rule
from rpcgen.idl.compat.verdict import MINOR, Judgement


def _judge(change: Change) -> Judgement:
    return Judgement(
        message=f'messages of "{change.owner}" may wait longer: {change.before}, now {change.after}',
        wire=MINOR,
        doubt="what was dropped is now run, later than anything was before",
    )


rule = Rule("ttl", "raised", "", _judge)
