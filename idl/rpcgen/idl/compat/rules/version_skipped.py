"""Between the last release and the version in the file there are others that nobody has seen.

After 1.3 comes 1.4, or 2.0. Several changes that were not released are one version.

## Before

```yaml
version: "1.3"
methods: {get: {call: any}}
```

## After

```yaml
version: "1.5"
methods: {get: {call: any}, put: {cast: any, since: "1.5"}}
```

## Instead

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
        message=f"{change.after} does not follow {change.before}; {change.told} does",
        instead=f"take {change.told}",
    )


rule = Rule("version", "skipped", "", _judge, severity="error")
