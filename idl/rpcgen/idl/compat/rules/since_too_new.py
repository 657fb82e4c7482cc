"""Something is said to be newer than it is.

Clients that are pinned to an older version would refuse what its servers know, and servers would refuse what clients of
that version send.

## Before

```yaml
methods: {get: {call: any}, put: {cast: any}}
```

## After

```yaml
methods: {get: {call: any}, put: {cast: any, since: "1.4"}}
```

## Instead

```yaml
methods: {get: {call: any}, put: {cast: any}}
```
"""

from __future__ import annotations

from rpcgen.idl.compat.change import Change
from rpcgen.idl.compat.rule import Rule
from rpcgen.idl.compat.verdict import Judgement


def _judge(change: Change) -> Judgement:
    return Judgement(
        message=f'"{change.path}" is dated {change.since}, and was released before',
        instead="give the version of its first release",
    )


rule = Rule("since", "too-new", "", _judge, severity="error")
