"""An opaque type gained an attribute.

No message shows it: what an opaque object holds is its codec's affair. Objects of programs that are passed as the type
need not have the attribute, so they no longer are of the type.

## Before

```yaml
types: {Request: {opaque: true}}
methods: {put: {call: any, args: {request: Request}}}
```

## After

```yaml
types: {Request: {opaque: true, attributes: {host: string}}}
methods: {put: {call: any, args: {request: Request}}}
```

## Instead

Wait for the next major, or send what is looked at beside it:

```yaml
types: {Request: {opaque: true}}
methods: {put: {call: any, args: {request: Request, host: string? since 1.4}}}
```
"""

from __future__ import annotations

from rpcgen.idl.compat.change import Change
from rpcgen.idl.compat.rule import Rule
from rpcgen.idl.compat.verdict import MAJOR, Judgement


def _judge(change: Change) -> Judgement:
    return Judgement(
        message=f'the opaque type "{change.owner}" gained the attribute "{change.name}": {change.after}',
        source=MAJOR,
        instead="add it at the next major, or send an argument beside it",
        unseen="no message changes; objects of programs may lack it",
    )


rule = Rule("attribute", "added", "", _judge)
