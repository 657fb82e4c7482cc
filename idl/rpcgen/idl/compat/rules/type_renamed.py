"""A type has another name, and nothing else changed.

No message shows it: a type is known by its structure. Programs that import the class no longer find it.

## Before

```yaml
types: {Item: {fields: {id: int}}}
methods: {get: {call: any, returns: Item}}
```

## After

```yaml
types: {Article: {fields: {id: int}}}
methods: {get: {call: any, returns: Article}}
```

## Instead

Keep the old name as an alias:

```yaml
types:
  Article: {fields: {id: int}}
  Item: Article
methods: {get: {call: any, returns: Article}}
```
"""

from __future__ import annotations

from rpcgen.idl.compat.change import Change
from rpcgen.idl.compat.rule import Rule
from rpcgen.idl.compat.verdict import MAJOR, Judgement


def _judge(change: Change) -> Judgement:
    return Judgement(
        message=f'the type "{change.before}" was renamed to "{change.after}"',
        source=MAJOR,
        instead=f"keep the old name as an alias: {change.before}: {change.after}",
        unseen="no message changes; programs that import the class break",
    )


rule = Rule("type", "renamed", "", _judge)
