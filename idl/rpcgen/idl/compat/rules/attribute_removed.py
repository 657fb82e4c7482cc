"""An opaque type lost an attribute.

No message shows it: what an opaque object holds is its codec's affair. Programs that read the attribute of the type break
when they take the new code.

## Before

```yaml
types: {Request: {opaque: true, attributes: {host: string}}}
methods: {put: {call: any, args: {request: Request}}}
```

## After

```yaml
types: {Request: {opaque: true}}
methods: {put: {call: any, args: {request: Request}}}
```

## Instead

Keep the attribute until the next major.
"""

from __future__ import annotations

from rpcgen.idl.compat.change import Change
from rpcgen.idl.compat.rule import Rule
from rpcgen.idl.compat.verdict import MAJOR, Judgement


def _judge(change: Change) -> Judgement:
    return Judgement(
        message=f'the opaque type "{change.owner}" lost the attribute "{change.name}": {change.before}',
        source=MAJOR,
        instead="keep the attribute until the next major",
        unseen="no message changes; programs that read it break",
    )


rule = Rule("attribute", "removed", "", _judge)
