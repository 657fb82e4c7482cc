"""An argument or field is new, and can be left out.

Its `since` lets clients leave it out for servers that do not know it. Readers of results and events ignore what they do
not know, and read None or the default where it is missing.

## Before

```yaml
methods: {get: {call: any, args: {id: int}}}
```

## After

```yaml
methods: {get: {call: any, args: {id: int, fast: bool? since 1.4}}}
```
"""

from __future__ import annotations

from rpcgen.idl.compat.change import Change
from rpcgen.idl.compat.rule import Rule
from rpcgen.idl.compat.verdict import MINOR, Judgement


def _judge(change: Change) -> Judgement:
    return Judgement(
        message=f'"{change.path}" was added{change.used}', wire=MINOR, source=MINOR, undated="since"
    )


rule = Rule("optional-field", "added", "", _judge)
