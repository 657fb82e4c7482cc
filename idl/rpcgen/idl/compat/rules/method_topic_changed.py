"""A method has another topic.

With a date, clients of older versions keep the topic that they know, and servers listen on both. Without one, new
clients send to where no older server listens, and servers may have left the topic that old clients use.

## Before

```yaml
methods: {get: {call: any}}
```

## After

```yaml
methods: {get: {call: any, topic: fast}}
```

## Instead

Say since when:

```yaml
methods: {get: {call: any, topic: {name: fast, since: "1.4"}}}
```
"""

from __future__ import annotations

from rpcgen.idl.compat.change import Change
from rpcgen.idl.compat.rule import Rule
from rpcgen.idl.compat.verdict import MAJOR, MINOR, Judgement


def _judge(change: Change) -> Judgement:
    return Judgement(
        message=f'the topic of "{change.owner}" was {_shown(change.before)} and is {_shown(change.after)}',
        wire=MINOR if change.dated else MAJOR,
        instead="" if change.dated else "say since when: topic: {name: …, since: …}",
        unseen=""
        if change.dated
        else "no message arrives: clients and servers use different topics",
    )


def _shown(topic: str) -> str:
    return f'"{topic}"' if topic else "the interface's"


rule = Rule("method-topic", "changed", "", _judge)
