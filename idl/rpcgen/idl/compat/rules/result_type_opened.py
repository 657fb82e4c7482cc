"""A closed enum or union that is answered or published became open.

Old readers fail on what they do not know, and from now on that may come. No value has to be added for that to be so:
added one release later, it would pass as harmless.

## Before

```yaml
types: {State: {enum: [running, paused]}}
methods: {get: {call: any, returns: State}}
```

## After

```yaml
types: {State: {open: {since: "1.4"}, enum: [running, paused]}}
methods: {get: {call: any, returns: State}}
```

## Instead

Open it in the next major. Until then, give new values of an enum a fallback.
"""

from __future__ import annotations

from rpcgen.idl.compat.change import Change
from rpcgen.idl.compat.rule import Rule
from rpcgen.idl.compat.verdict import MAJOR, MINOR, Judgement


def _judge(change: Change) -> Judgement:
    return Judgement(
        message=f'the {change.before} "{change.owner}" was opened{change.used}',
        wire=MAJOR,
        source=MINOR,
        instead="open it in the next major; until then, give new values a fallback",
    )


rule = Rule("type", "opened", "result", _judge)
