"""Whether an error can be retried changed.

Clients of each version go by what they know.

## Before

```yaml
errors: {Busy: {}}
methods: {get: {call: any, raises: [Busy]}}
```

## After

```yaml
errors: {Busy: {retryable: true}}
methods: {get: {call: any, raises: [Busy]}}
```
"""

from __future__ import annotations

from rpcgen.idl.compat.change import Change
from rpcgen.idl.compat.rule import Rule
from rpcgen.idl.compat.verdict import MINOR, Judgement


def _judge(change: Change) -> Judgement:
    return Judgement(
        message=f'"{change.owner}" was {change.before} and is {change.after}', source=MINOR
    )


rule = Rule("error-retry", "changed", "", _judge)
