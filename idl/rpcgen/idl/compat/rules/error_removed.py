"""A declared error is gone.

Programs that catch it no longer find the class, and older servers still raise it.

## Before

```yaml
errors: {Busy: {}, Gone: {}}
methods: {get: {call: any, raises: [Busy]}}
```

## After

```yaml
errors: {Busy: {}}
methods: {get: {call: any, raises: [Busy]}}
```

## Instead

Keep the error until the next major.
"""

from __future__ import annotations

from rpcgen.idl.compat.change import Change
from rpcgen.idl.compat.rule import Rule
from rpcgen.idl.compat.verdict import MAJOR, Judgement


def _judge(change: Change) -> Judgement:
    return Judgement(
        message=f'the error "{change.owner}" was removed',
        wire=MAJOR,
        source=MAJOR,
        instead="keep the error until the next major, even if no method raises it",
        unseen="it still arrives, as RemoteError: `except` clauses for it stop matching",
    )


rule = Rule("error", "removed", "", _judge)
