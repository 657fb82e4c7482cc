"""An attribute of an opaque type is of another type.

No message shows it: what an opaque object holds is its codec's affair. Some programs give the attribute and others read
it, so whichever of the two types is the wider one, one of them breaks when it takes the new code.

## Before

```yaml
types: {Request: {opaque: true, attributes: {host: string}}}
methods: {put: {call: any, args: {request: Request}}}
```

## After

```yaml
types: {Request: {opaque: true, attributes: {host: string?}}}
methods: {put: {call: any, args: {request: Request}}}
```

## Instead

Keep the type until the next major.
"""

from __future__ import annotations

from rpcgen.idl.compat.change import Change
from rpcgen.idl.compat.rule import Rule
from rpcgen.idl.compat.verdict import MAJOR, Judgement


def _judge(change: Change) -> Judgement:
    return Judgement(
        message=f'the attribute "{change.path}" changed from {change.before} to {change.after}',
        source=MAJOR,
        instead="keep the type until the next major",
        unseen="no message changes; programs that give it or read it break",
    )


rule = Rule("attribute", "changed", "", _judge)
