"""The values of an enum are written in more than one style.

Whoever writes a value by hand, in a log filter or another language, gets it wrong every other time. Values that travel
cannot be renamed, so it is worth a look before the first release.

## Found

```yaml
types:
  State: {open: true, enum: [running, PAUSED, shut-off]}
methods:
  get: {call: any, returns: State}
```

## Fine

```yaml
types:
  State: {open: true, enum: [running, paused, shut_off]}
methods:
  get: {call: any, returns: State}
```
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from rpcgen.idl.lint.rule import Finding, Subject
from rpcgen.idl.model import Enum

CATEGORY = "standard"
SEVERITY = "warning"

#: Many a value is of several styles: "running" is of the first two, "OK" of three.
_STYLES = {
    name: re.compile(pattern)
    for name, pattern in {
        "lower_case": "[a-z0-9]+(_[a-z0-9]+)*",
        "lower-case": "[a-z0-9]+(-[a-z0-9]+)*",
        "UPPER_CASE": "[A-Z0-9]+(_[A-Z0-9]+)*",
        "UPPER-CASE": "[A-Z0-9]+(-[A-Z0-9]+)*",
        "CapitalWords": "([A-Z][a-z0-9]*)+",
        "camelCase": "[a-z0-9]+([A-Z][a-z0-9]*)*",
        "lower case": "[a-z0-9]+( [a-z0-9]+)*",
        "dotted.words": r"[A-Za-z0-9]+(\.[A-Za-z0-9]+)*",
    }.items()
}


def check(subject: Subject) -> Iterator[Finding]:
    """Find the first value of an enum that has no style in common with those before it."""
    for enum in subject.interface.types.values():
        if not isinstance(enum, Enum):
            continue
        common = set(_STYLES)
        for number, member in enumerate(enum.members.values()):
            styles = {name for name, style in _STYLES.items() if style.fullmatch(member.value)}
            if not common & styles:
                first = next(iter(enum.members.values()))
                yield Finding(
                    member.position,
                    f'the value "{member.value}" of "{enum.name}" is not written as those before it',
                    related=((first.position, "the first one"),) if number else (),
                )
                break
            common &= styles
