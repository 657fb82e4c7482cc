"""The file has an older version than a release of its major. Versions compare as numbers: 1.9 is older than 1.10.

Perhaps a branch was merged the wrong way round, or the number was read as a fraction.

## Before

```yaml
version: "1.10"
methods: {get: {call: any}}
```

## After

```yaml
version: "1.9"
methods: {get: {call: any}}
```

## Instead

```yaml
version: "1.10"
methods: {get: {call: any}}
```
"""

from __future__ import annotations

from rpcgen.idl.compat.change import Change
from rpcgen.idl.compat.rule import Rule
from rpcgen.idl.compat.verdict import Judgement


def _judge(change: Change) -> Judgement:
    return Judgement(
        message=f"{change.after} is older than {change.before}, which was released",
        instead=f"say {change.before}, or what follows it",
    )


rule = Rule("version", "decreased", "", _judge, severity="error")
