"""A method no longer answers anything.

Clients of older versions expect a value and find none.

## Before

```yaml
methods: {put: {call: any, returns: int}}
```

## After

```yaml
methods: {put: {call: any}}
```

## Instead

Keep answering, or write down what it was, with a converter that makes the old answer:

```yaml
methods: {put: {call: any, was: {"1.4": {returns: int}}}}
```
"""

from __future__ import annotations

from rpcgen.idl.compat.change import Change
from rpcgen.idl.compat.rule import Rule
from rpcgen.idl.compat.verdict import MAJOR, Judgement


def _judge(change: Change) -> Judgement:
    return Judgement(
        message=f'"{change.owner}" returned {change.before} and answers nothing',
        wire=MAJOR,
        source=MAJOR,
        instead=f"say what it was: was: {{VERSION: {{returns: {change.before}}}}}, with a converter",
    )


rule = Rule("return", "removed", "", _judge)
