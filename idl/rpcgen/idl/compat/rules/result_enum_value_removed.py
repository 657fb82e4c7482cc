"""An enum that is answered or published lost a value.

Older servers still send it. New readers of a closed enum fail on it: tools that only look at old readers miss this.
Readers of an open enum keep it as text, and only programs that use its name break. So do readers of a field that is text
now, and was the enum by its `was_type`.

## Before

```yaml
types: {State: {enum: [running, paused]}}
methods: {get: {call: any, returns: State}}
```

## After

```yaml
types: {State: {enum: [running]}}
methods: {get: {call: any, returns: State}}
```

## Instead

Keep it until the next major.
"""

from __future__ import annotations

from rpcgen.idl.compat.change import Change
from rpcgen.idl.compat.rule import Rule, unseen_removal
from rpcgen.idl.compat.verdict import MAJOR, NONE, Judgement


def _judge(change: Change) -> Judgement:
    return Judgement(
        message=f'the {"open" if change.open else "closed"} enum "{change.owner}" lost "{change.name}"{change.used}',
        wire=NONE if change.open or not change.was_written else MAJOR,
        source=MAJOR,
        instead=f'keep "{change.name}" until the next major',
        unseen=unseen_removal(
            change, "readers of an open enum keep the value; programs that use its name break"
        ),
    )


rule = Rule("enum-value", "removed", "result", _judge)
