"""Requests may carry more than before, and the file does not say since when.

Clients would send the new values to servers of older versions, which refuse them. `was_type`, at the argument or field,
says what it was until then; an enum or union that opens says `open: {since: ...}`.

## Before

```yaml
methods: {get: {call: any, args: {id: int}}}
```

## After

```yaml
methods: {get: {call: any, args: {id: int?}}}
```

## Instead

```yaml
methods:
  get:
    call: any
    args:
      id: {type: int?, was_type: {"1.4": int}}
```
"""

from __future__ import annotations

from rpcgen.idl.compat.change import Change
from rpcgen.idl.compat.rule import Rule
from rpcgen.idl.compat.verdict import Judgement


def _judge(change: Change) -> Judgement:
    return Judgement(
        message=f'"{change.path}" takes more than before, and the file does not say since when',
        instead="say `open: {since: VERSION}`"
        if change.before.startswith("closed ")
        else change.recorded,
    )


rule = Rule("widening", "undated", "", _judge, severity="error")
