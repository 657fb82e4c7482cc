"""Something changed since a release, and the file still has the version of that release.

Whoever has the release believes to have this file. Clients could not tell which servers know what is new.

## Before

```yaml
version: "1.3"
methods: {get: {call: any}}
```

## After

```yaml
version: "1.3"
methods: {get: {call: any}, put: {cast: any}}
```

## Instead

`rpcgen bump --write` sets the version and fills in the dates:

```yaml
version: "1.4"
methods: {get: {call: any}, put: {cast: any, since: "1.4"}}
```
"""

from __future__ import annotations

from rpcgen.idl.compat.change import Change
from rpcgen.idl.compat.rule import Rule
from rpcgen.idl.compat.verdict import Judgement


def _judge(change: Change) -> Judgement:
    return Judgement(
        message=f"{change.before} was released, and what changed since needs {change.told}",
        instead="`rpcgen bump --write` sets the version",
    )


rule = Rule("version", "not-bumped", "", _judge, severity="error")
