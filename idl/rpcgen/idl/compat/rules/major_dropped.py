"""A major that was served is served no more.

Its clients are refused from the first upgraded server on. That is a decision, and somebody should have said so: waive it
with a reason, or say beforehand, in a release, how long it stays: `supported_until: {"1": 2027-06-30}`. An interface that never served two majors may go from one to the next as it likes.

## Before

```yaml
version: "2.0"
serves: ["1.3"]
methods: {get: {call: any}, put: {cast: any, since: "2.0"}}
```

## After

```yaml
version: "2.1"
methods: {get: {call: any}, put: {cast: any}, wake: {cast: any, since: "2.1"}}
```

## Instead

```yaml
version: "2.1"
serves: ["1.3"]
methods: {get: {call: any}, put: {cast: any, since: "2.0"}, wake: {cast: any, since: "2.1"}}
```
"""

from __future__ import annotations

from rpcgen.idl.compat.change import Change
from rpcgen.idl.compat.rule import Rule
from rpcgen.idl.compat.verdict import Judgement


def _judge(change: Change) -> Judgement:
    return Judgement(
        message=f"{change.before} was served and is served no more",
        instead="keep it in `serves`, or waive this with a reason",
    )


rule = Rule("major", "dropped", "", _judge, severity="error")
