"""The namespace on the wire changed.

Servers tell interfaces on one topic apart by it. A message of the old namespace is answered with an error about an
unknown namespace, and so is one of the new on an older server: a new major does not help, either.

## Before

```yaml
namespace: demo
methods: {get: {call: any}}
```

## After

```yaml
namespace: other
methods: {get: {call: any}}
```

## Instead

Keep it. A name on the wire need not be the name that people see.
"""

from __future__ import annotations

from rpcgen.idl.compat.change import Change
from rpcgen.idl.compat.rule import Rule
from rpcgen.idl.compat.verdict import MAJOR, Judgement


def _judge(change: Change) -> Judgement:
    return Judgement(
        message=_message(change.before, change.after),
        wire=MAJOR,
        unseen="no message arrives: servers know the other namespace only",
    )


def _message(before: str, after: str) -> str:
    if before and after:
        return f'the namespace "{before}" became "{after}"'
    return (
        f'the namespace "{before}" was removed' if before else f'the namespace "{after}" was added'
    )


rule = Rule("namespace", "changed", "", _judge)
