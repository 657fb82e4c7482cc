"""An error no longer extends another one.

`except` clauses for the base stop catching it.

## Before

```yaml
errors: {Late: {}, Busy: {extends: Late}}
methods: {get: {call: any, raises: [Busy]}}
```

## After

```yaml
errors: {Late: {}, Busy: {}}
methods: {get: {call: any, raises: [Busy]}}
```

## Instead

Keep the base until the next major.
"""

from __future__ import annotations

from rpcgen.idl.compat.change import Change
from rpcgen.idl.compat.rule import Rule
from rpcgen.idl.compat.verdict import MAJOR, Judgement


def _judge(change: Change) -> Judgement:
    return Judgement(
        message=f'the error "{change.owner}" no longer extends "{change.name}"',
        wire=MAJOR,
        source=MAJOR,
        instead="keep the base until the next major",
        unseen="the error arrives as before; `except` clauses for its base stop matching",
    )


rule = Rule("error-base", "lost", "", _judge)
