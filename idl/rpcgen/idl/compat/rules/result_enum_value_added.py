"""An enum that is answered or published gained a value.

Old readers of a closed enum fail on a value that they do not know. In results, `fallback` names what they are told
instead; an open enum keeps what it does not know.

## Before

```yaml
types: {State: {enum: [running, paused]}}
methods: {get: {call: any, returns: State}}
```

## After

```yaml
types: {State: {enum: [running, paused, shelved since 1.4]}}
methods: {get: {call: any, returns: State}}
```

## Instead

Say what older readers are told:

```yaml
types: {State: {enum: [running, paused, shelved since 1.4], fallback: {shelved: paused}}}
methods: {get: {call: any, returns: State}}
```
"""

from __future__ import annotations

from rpcgen.idl.compat.change import Change
from rpcgen.idl.compat.rule import Rule
from rpcgen.idl.compat.verdict import MAJOR, MINOR, Judgement, Verdict


def _judge(change: Change) -> Judgement:
    return Judgement(
        message=f'the {"open" if change.open else "closed"} enum "{change.owner}" gained "{change.name}"{change.used}',
        wire=_verdict(change),
        source=MINOR,
        instead=_instead(change),
        undated="since",
    )


def _verdict(change: Change) -> Verdict:
    answered = change.told and change.levelled
    return MINOR if change.open or answered or not change.is_written else MAJOR


def _instead(change: Change) -> str:
    if _verdict(change) == MINOR:
        return ""
    if change.root.reader == "event":
        return f"declare {change.owner} open in the next major"
    return f"give the value a fallback, or declare {change.owner} open in the next major"


rule = Rule("enum-value", "added", "result", _judge)
