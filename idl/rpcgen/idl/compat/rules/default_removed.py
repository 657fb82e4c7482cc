"""What had a default has to be given.

Messages that left it out are refused, and answers of older servers that do cannot be read.

## Before

```yaml
methods: {get: {call: any, args: {count: int = 1}}}
```

## After

```yaml
methods: {get: {call: any, args: {count: int}}}
```

## Instead

Keep the default until the next major.
"""

from __future__ import annotations

from rpcgen.idl.compat.change import Change
from rpcgen.idl.compat.rule import Rule
from rpcgen.idl.compat.verdict import MAJOR, MINOR, Judgement


def _judge(change: Change) -> Judgement:
    eased = change.levelled or not change.was_written
    return Judgement(
        message=f'"{change.path}" lost its default{change.used}: {change.before} became {change.after}',
        wire=MINOR if eased else MAJOR,
        source=MINOR if eased else MAJOR,
        instead="" if eased else "keep the default until the next major",
    )


rule = Rule("default", "removed", "", _judge)
