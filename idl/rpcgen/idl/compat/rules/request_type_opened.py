"""A closed enum or union that requests carry became open.

Messages of older versions stay valid. Older servers refuse what they do not know, so the date has to be known.

## Before

```yaml
types: {Mode: {enum: [slow, fast]}}
methods: {put: {call: any, args: {mode: Mode}}}
```

## After

```yaml
types: {Mode: {open: {since: "1.4"}, enum: [slow, fast]}}
methods: {put: {call: any, args: {mode: Mode}}}
```
"""

from __future__ import annotations

from rpcgen.idl.compat.change import Change
from rpcgen.idl.compat.rule import Rule
from rpcgen.idl.compat.verdict import MINOR, Judgement


def _judge(change: Change) -> Judgement:
    return Judgement(
        message=f'the {change.before} "{change.owner}" was opened{change.used}',
        wire=MINOR,
        source=MINOR,
        undated="widening",
    )


rule = Rule("type", "opened", "request", _judge)
