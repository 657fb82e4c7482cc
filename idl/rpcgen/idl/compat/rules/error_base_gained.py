"""An error extends another one.

Whoever catches the base catches it now, too.

## Before

```yaml
errors: {Late: {}, Busy: {}}
methods: {get: {call: any, raises: [Busy]}}
```

## After

```yaml
errors: {Late: {}, Busy: {extends: Late}}
methods: {get: {call: any, raises: [Busy]}}
```
"""

from __future__ import annotations

from rpcgen.idl.compat.change import Change
from rpcgen.idl.compat.rule import Rule
from rpcgen.idl.compat.verdict import MINOR, Judgement


def _judge(change: Change) -> Judgement:
    return Judgement(message=f'the error "{change.owner}" extends "{change.name}"', source=MINOR)


rule = Rule("error-base", "gained", "", _judge)
