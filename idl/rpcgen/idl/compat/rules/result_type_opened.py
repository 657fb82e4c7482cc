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

Open it in the next major. Until then, give new values of an enum a fallback; in events, and for members of unions, there
is none.
"""

from __future__ import annotations

from rpcgen.idl.compat.change import Change
from rpcgen.idl.compat.rule import Rule
from rpcgen.idl.compat.verdict import MAJOR, MINOR, Judgement


def _judge(change: Change) -> Judgement:
    return Judgement(
        message=f'the {change.before} "{change.owner}" was opened{change.used}',
        wire=MAJOR if change.is_written else MINOR,
        source=MINOR,
        instead=f"open it in the next major{_until_then(change)}" if change.is_written else "",
    )


def _until_then(change: Change) -> str:
    """Members of unions have no fallback, and nobody writes an event for one reader."""
    can = "enum" in change.before and change.root.reader != "event"
    return "; until then, give new values a fallback" if can else ""


rule = Rule("type", "opened", "result", _judge)
