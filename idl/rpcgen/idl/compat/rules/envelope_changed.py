"""A type with a version of its own travels otherwise: its name, or the keys or constants of its envelope changed, or it began
or ceased to have one.

Readers look for the keys and the name that they know.

## Before

```yaml
types: {Payload: {version: "1.0", fields: {id: int}}}
events: {done: {payload: Payload}}
```

## After

```yaml
types: {Payload: {version: "1.0", envelope: {data: body}, fields: {id: int}}}
events: {done: {payload: Payload}}
```

## Instead

Publish another event with the other type.
"""

from __future__ import annotations

from rpcgen.idl.compat.change import Change
from rpcgen.idl.compat.rule import Rule
from rpcgen.idl.compat.verdict import MAJOR, Judgement


def _judge(change: Change) -> Judgement:
    return Judgement(
        message=f'"{change.owner}" travels otherwise{change.used}: {change.before} became {change.after}',
        wire=MAJOR,
        source=MAJOR,
        # Nothing but the value of a constant is another.
        unseen="no reader compares it; peers of other versions may rely on it"
        if change.kept
        else "",
        instead="publish another event, or answer another method, with the other type",
    )


rule = Rule("envelope", "changed", "", _judge)
