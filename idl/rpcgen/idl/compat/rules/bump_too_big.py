"""The file has the next major, and nothing changed that needs one.

Everybody who uses the interface has to follow a major, sooner or later. A minor would have done.

## Before

```yaml
version: "1.3"
methods: {get: {call: any}}
```

## After

```yaml
version: "2.0"
methods: {get: {call: any, doc: Gets it.}}
```

## Instead

```yaml
version: "1.3"
methods: {get: {call: any, doc: Gets it.}}
```
"""

from __future__ import annotations

from rpcgen.idl.compat.change import Change
from rpcgen.idl.compat.rule import Rule
from rpcgen.idl.compat.verdict import Judgement


def _judge(change: Change) -> Judgement:
    return Judgement(
        message=f"{change.after} is more than the changes since {change.before} need, which is {change.told}"
    )


rule = Rule("bump", "too-big", "", _judge, severity="warning")
