"""What the file says of a major that it still serves is not what was released of it.

Servers of this file answer clients of that major by what the file says of it, so those would be refused or misread.
A major is served up to its last release: of an earlier minor, newer clients are refused, and a later one never was.

## Before

```yaml
version: "1.3"
methods: {get: {call: any, args: {id: int}}}
```

## After

```yaml
version: "2.0"
serves: ["1.3"]
methods: {get: {call: any, args: {ident: int}}}
```

## Instead

Date what changed with the new major:

```yaml
version: "2.0"
serves: ["1.3"]
methods: {get: {call: any, args: {ident: {type: int, was: {"2.0": id}}}}}
```
"""

from __future__ import annotations

from rpcgen.idl.compat.change import Change
from rpcgen.idl.compat.rule import Rule
from rpcgen.idl.compat.verdict import Judgement


def _judge(change: Change) -> Judgement:
    if change.told:
        message = f"{change.name} is served, and was released otherwise: {change.after}"
        return Judgement(message=message, instead="date what changed after it")
    message = f"{change.name} is served, and {change.after} is the last release of its major"
    return Judgement(message=message, instead=f"serve {change.after}")


rule = Rule("served-view", "broken", "", _judge, severity="error")
