"""An argument or field has a new name, and `was` keeps the old one.

Each name is valid at its own versions, and servers write the name that the caller knows. Nobody knows the version of who
reads an event, or the fields of a type with a version of its own, so there it is a removal.

## Before

```yaml
types: {Order: {fields: {kind: string}}}
events: {order.placed: {payload: Order}}
```

## After

```yaml
types: {Order: {fields: {flavor: {type: string, was: {"1.4": kind}}}}}
events: {order.placed: {payload: Order}}
```

## Instead

Add the new name beside the old one, where nobody knows the reader's version:

```yaml
types: {Order: {fields: {kind: string, flavor: string? since 1.4}}}
events: {order.placed: {payload: Order}}
```
"""

from __future__ import annotations

from rpcgen.idl.compat.change import Change
from rpcgen.idl.compat.rule import Rule
from rpcgen.idl.compat.verdict import MAJOR, MINOR, Judgement


def _judge(change: Change) -> Judgement:
    return Judgement(
        message=f'"{change.before}" was renamed to "{change.after}" in {change.owner}{change.used}',
        wire=MINOR if change.levelled else MAJOR,
        source=MINOR,
        instead=""
        if change.levelled
        else f'keep "{change.before}", and add "{change.after}" beside it',
    )


rule = Rule("field", "renamed", "", _judge)
