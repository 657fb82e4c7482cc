"""Something is said to be older than it is.

Clients would send it to servers of versions that did not have it.

## Before

```yaml
methods: {get: {call: any}}
```

## After

```yaml
methods: {get: {call: any}, put: {cast: any, since: "1.2"}}
```

## Instead

```yaml
methods: {get: {call: any}, put: {cast: any, since: "1.4"}}
```
"""

from __future__ import annotations

from rpcgen.idl.compat.change import Change
from rpcgen.idl.compat.rule import Rule
from rpcgen.idl.compat.verdict import Judgement


def _judge(change: Change) -> Judgement:
    return Judgement(
        message=f'"{change.path}" is dated {change.since}, and a release from then does not have it',
        instead="give the version of its first release",
    )


rule = Rule("since", "too-old", "", _judge, severity="error")
