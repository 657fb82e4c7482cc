"""The version of a base rose, and that of a type that extends it did not.

Readers go by the version that travels with a type. The fields of the base are in it, so what is new in the base is new in
the type.

## Before

```yaml
types:
  Base: {version: "1.0", fields: {id: int}}
  Payload: {version: "1.3", extends: Base, fields: {host: string}}
events: {done: {payload: Payload}}
```

## After

```yaml
types:
  Base: {version: "1.1", fields: {id: int, note: string? since 1.1}}
  Payload: {version: "1.3", extends: Base, fields: {host: string}}
events: {done: {payload: Payload}}
```

## Instead

```yaml
types:
  Base: {version: "1.1", fields: {id: int, note: string? since 1.1}}
  Payload: {version: "1.4", extends: Base, fields: {host: string}}
events: {done: {payload: Payload}}
```
"""

from __future__ import annotations

from rpcgen.idl.compat.change import Change
from rpcgen.idl.compat.rule import Rule
from rpcgen.idl.compat.verdict import Judgement


def _judge(change: Change) -> Judgement:
    return Judgement(
        message=f'"{change.owner}" is still {change.before}, and its base went to {change.after}',
        instead=f"raise the version of {change.owner}, too",
    )


rule = Rule("clock", "behind", "", _judge, severity="error")
