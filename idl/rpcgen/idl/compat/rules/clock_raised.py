"""A type's own version has another major.

Readers take a newer minor of a type as it comes; a newer major is an error to them.

## Before

```yaml
types: {Payload: {version: "1.3", fields: {id: int}}}
events: {done: {payload: Payload}}
```

## After

```yaml
types: {Payload: {version: "2.0", fields: {id: int}}}
events: {done: {payload: Payload}}
```

## Instead

Publish the new major as another event, in parallel.
"""

from __future__ import annotations

from rpcgen.idl.compat.change import Change
from rpcgen.idl.compat.rule import Rule
from rpcgen.idl.compat.verdict import MAJOR, Judgement


def _judge(change: Change) -> Judgement:
    return Judgement(
        message=f'the version of "{change.owner}" went from {change.before} to {change.after}{change.used}',
        wire=MAJOR,
        instead="publish the new major as another event, in parallel",
    )


rule = Rule("clock", "raised", "", _judge)
