"""The interface moved to another topic.

While the old topic stays in `target.also`, servers listen on both, and clients of every version find them: servers are
upgraded first. Without that, old clients and new servers never meet. The date tells clients that are pinned to a version
before it to stay with the old topic, on which the servers of that version listen.

## Before

```yaml
target: {topic: orders}
methods: {get: {call: any}}
```

## After

```yaml
target: {topic: orders-new}
methods: {get: {call: any}}
```

## Instead

Keep the old topic, and say since when the new one is used:

```yaml
target: {topic: {name: orders-new, since: "1.4"}, also: [orders]}
methods: {get: {call: any}}
```
"""

from __future__ import annotations

from rpcgen.idl.compat.change import Change
from rpcgen.idl.compat.rule import Rule
from rpcgen.idl.compat.verdict import MAJOR, MINOR, Judgement


def _judge(change: Change) -> Judgement:
    return Judgement(
        message=f'the topic "{change.before}" became "{change.after}"'
        + ("" if change.open else ", and servers no longer listen on the old one"),
        wire=MINOR if change.open else MAJOR,
        instead="" if change.open else f"keep it: also: [{change.before}]",
        unseen=""
        if change.open
        else "no message arrives: clients and servers use different topics",
        undated="since" if change.open and change.required else "",
    )


rule = Rule("topic", "changed", "", _judge)
