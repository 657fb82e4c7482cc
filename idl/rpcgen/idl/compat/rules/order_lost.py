"""Messages that kept their order do not, or those with the same value at another path do.

Handlers and callers that count on one after the other now see two at once, or the later one first.

## Before

```yaml
methods: {move: {cast: any, args: {order: uuid}, ordering_key: order}}
```

## After

```yaml
methods: {move: {cast: any, args: {order: uuid}}}
```

## Instead

Keep it, or write a new method.
"""

from __future__ import annotations

from rpcgen.idl.compat.change import Change
from rpcgen.idl.compat.rule import Rule
from rpcgen.idl.compat.verdict import MAJOR, Judgement


def _judge(change: Change) -> Judgement:
    return Judgement(
        message=f'messages of "{change.owner}" with one "{change.before}" no longer keep their order',
        wire=MAJOR,
        instead="write a new method or event, and deprecate this one",
        unseen="the message is the same; it may be handled before or while an earlier one is",
    )


rule = Rule("order", "lost", "", _judge)
