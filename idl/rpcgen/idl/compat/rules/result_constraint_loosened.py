"""Results, errors or events may hold values that were out of bounds.

A promise became weaker. Readers enforce no bounds, so every message can still be read; programs that rely on the bounds
may not cope. Where they do, waive it.

## Before

```yaml
methods: {get: {call: any, returns: {type: int, max: 10}}}
```

## After

```yaml
methods: {get: {call: any, returns: {type: int, max: 20}}}
```

## Instead

Keep the bounds until the next major, or say what the method answered, with a converter. (`was_type` of a field is none:
where only bounds differ, older readers are told the value as it is.)

```yaml
methods: {get: {call: any, returns: {type: int, max: 20}, was: {"1.4": {returns: {type: int, max: 10}}}}}
```
"""

from __future__ import annotations

from rpcgen.idl.compat.change import Change
from rpcgen.idl.compat.rule import Rule
from rpcgen.idl.compat.verdict import MAJOR, MINOR, Judgement


def _judge(change: Change) -> Judgement:
    eased = change.levelled or not change.is_written
    return Judgement(
        message=f'the bounds of "{change.path}" were loosened from {change.before} to {change.after}{change.used}',
        source=MINOR if eased else MAJOR,
        instead="" if eased else "keep the bounds until the next major",
        unseen="" if eased else "readers enforce no bounds; programs that rely on them break",
    )


rule = Rule("constraint", "loosened", "result", _judge)
