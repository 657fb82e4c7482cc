"""Something changed that only the next major may change, and the file has the next minor.

Clients and servers of one major understand each other; after this they would not. Each change that is to blame is told
at its place, with what could be done instead.

## Before

```yaml
version: "1.3"
methods: {get: {call: any}, put: {cast: any}}
```

## After

```yaml
version: "1.4"
methods: {get: {call: any}}
```

## Instead

```yaml
version: "2.0"
methods: {get: {call: any}}
```
"""

from __future__ import annotations

from rpcgen.idl.compat.change import Change
from rpcgen.idl.compat.rule import Rule
from rpcgen.idl.compat.verdict import Judgement


def _judge(change: Change) -> Judgement:
    return Judgement(
        message=f"{change.after} is too little after {change.before}: what changed needs {change.told}",
        instead="see what each change says, or take the next major",
    )


rule = Rule("bump", "too-small", "", _judge, severity="error")
