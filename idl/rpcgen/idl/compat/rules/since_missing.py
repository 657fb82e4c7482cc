"""Something is new, and the file does not say since when.

Clients go by the dates: without one, they send it to servers of older versions, which refuse the message. What is new in
X.0 needs no date unless the major before is still served.

## Before

```yaml
methods: {get: {call: any}}
```

## After

```yaml
methods: {get: {call: any}, put: {cast: any}}
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
        message=f'"{change.path}" was added, and the file does not say since when',
        instead="say since which version it is there",
    )


rule = Rule("since", "missing", "", _judge, severity="error")
