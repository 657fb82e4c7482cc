"""Clients choose another server, or another route, unless their caller says.

No message that is accepted changes: `to`, `router` and the first route are the client's own business. Programs that rely
on the choice notice when they take the new client.

## Before

```yaml
methods: {get: {call: server, to: [host], args: {host: string?, backup: string?}}}
```

## After

```yaml
methods: {get: {call: server, to: [host, backup], args: {host: string?, backup: string?}}}
```
"""

from __future__ import annotations

from rpcgen.idl.compat.change import Change
from rpcgen.idl.compat.rule import Rule
from rpcgen.idl.compat.verdict import MINOR, Judgement


def _judge(change: Change) -> Judgement:
    return Judgement(
        message=f'where "{change.owner}" is sent changed from {change.before} to {change.after}',
        source=MINOR,
    )


rule = Rule("destination", "changed", "", _judge)
