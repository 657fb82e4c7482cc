"""An error has another name for peers of other wires.

They catch it by the name that they know.

## Before

```yaml
errors: {Busy: {wire: shop.exception.Busy}}
methods: {get: {call: any, raises: [Busy]}}
```

## After

```yaml
errors: {Busy: {wire: store.exception.Busy}}
methods: {get: {call: any, raises: [Busy]}}
```

## Instead

Keep the name; it need not be where the class lives.
"""

from __future__ import annotations

from rpcgen.idl.compat.change import Change
from rpcgen.idl.compat.rule import Rule
from rpcgen.idl.compat.verdict import MAJOR, Judgement


def _judge(change: Change) -> Judgement:
    return Judgement(
        message=f'the wire name of "{change.owner}" was "{change.before}" and is "{change.after}"',
        wire=MAJOR,
        unseen="it arrives as another error: `except` clauses for it stop matching",
    )


rule = Rule("error-wire", "changed", "", _judge)
