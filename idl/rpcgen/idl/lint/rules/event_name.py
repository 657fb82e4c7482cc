"""An event's name is not lower-case words joined by dots.

Subscribers choose events by the parts of their names: `instance.reboot.end` is found by who wants all of `instance`.
A name without a dot, or with capitals, is found by nobody who did not know it.

## Found

```yaml
types:
  Item: {fields: {id: uuid}}
events:
  itemTaken: {payload: Item}
```

## Fine

```yaml
types:
  Item: {fields: {id: uuid}}
events:
  item.taken: {payload: Item}
```
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from rpcgen.idl.lint.rule import Finding, Subject

CATEGORY = "standard"
SEVERITY = "error"

_NAME = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+")


def check(subject: Subject) -> Iterator[Finding]:
    """Find names of another style."""
    for event in subject.interface.events.values():
        if not _NAME.fullmatch(event.name):
            yield Finding(
                event.position,
                f'the event "{event.name}" is not lower-case words joined by dots',
                "write it like instance.reboot.end",
            )
