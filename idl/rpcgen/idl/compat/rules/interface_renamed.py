"""The interface has another name.

Clients find servers by it, so no client of the old name reaches a server of the new one, whatever the version is.

## Before

```yaml
methods: {get: {call: any}}
```

## After

```yaml
interface: demo.renamed
methods: {get: {call: any}}
```

## Instead

Write a file for the new interface, serve both, and remove the old one when nobody calls it any more.
"""

from __future__ import annotations

from rpcgen.idl.compat.change import Change
from rpcgen.idl.compat.rule import Rule
from rpcgen.idl.compat.verdict import MAJOR, Judgement


def _judge(change: Change) -> Judgement:
    return Judgement(
        message=f'the interface "{change.before}" became "{change.after}"',
        wire=MAJOR,
        source=MAJOR,
        unseen="clients and servers of different names never meet",
    )


rule = Rule("interface", "renamed", "", _judge)
