"""A method is new.

Its `since` keeps it from servers that do not know it: clients refuse to send it for an older version.

## Before

```yaml
methods: {get: {call: any}}
```

## After

```yaml
methods:
  get: {call: any}
  put: {cast: any, since: "1.4"}
```
"""

from __future__ import annotations

from rpcgen.idl.compat.change import Change
from rpcgen.idl.compat.rule import Rule
from rpcgen.idl.compat.verdict import MINOR, Judgement


def _judge(change: Change) -> Judgement:
    return Judgement(
        message=f'the method "{change.owner}" was added', wire=MINOR, source=MINOR, undated="since"
    )


rule = Rule("method", "added", "", _judge)
