"""A change is fine after the last release, and breaks peers of an earlier one of the same major.

All minors of a major understand each other, not only neighbours. This is how two steps that look harmless make a harmful
one: below, clients of 1.0 fail on a value that those of 1.1 keep.

## Before

```yaml
version: "1.0"
types: {State: {enum: [idle, busy]}}
methods: {get: {call: any, returns: State}}
```

```yaml
version: "1.1"
types: {State: {open: {since: "1.1"}, enum: [idle, busy]}}
methods: {get: {call: any, returns: State}}
```

## After

```yaml
version: "1.2"
types: {State: {open: {since: "1.1"}, enum: [idle, busy, done since 1.2]}}
methods: {get: {call: any, returns: State}}
```

## Instead

Say what readers that do not know it are told:

```yaml
version: "1.2"
types: {State: {open: {since: "1.1"}, enum: [idle, busy, done since 1.2], fallback: {done: idle}}}
methods: {get: {call: any, returns: State}}
```
"""

from __future__ import annotations

from rpcgen.idl.compat.change import Change
from rpcgen.idl.compat.rule import Rule
from rpcgen.idl.compat.verdict import Judgement


def _judge(change: Change) -> Judgement:
    return Judgement(
        message=f"fine after {change.told}, but not after {change.name}: {change.after}",
        instead="see what the change itself says",
    )


rule = Rule("pairwise-ok", "transitive-bad", "", _judge, severity="error")
