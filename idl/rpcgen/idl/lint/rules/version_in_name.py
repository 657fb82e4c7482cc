"""A name ends in a version.

The file has versions: `since`, `was` and `was_type` say what is newer, old clients go on to be served, and the generated
code sorts it out. A second method beside the first one has to be kept, documented and chosen by hand.

## Found

```yaml
methods:
  get: {call: any, returns: string}
  get_v2: {call: any, args: {id: uuid}, returns: string}
```

## Fine

```yaml
methods:
  get: {call: any, args: {id: uuid? since 1.2}, returns: string}
```
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from rpcgen.idl.lint.parts import classes_of, members_of
from rpcgen.idl.lint.rule import Finding, Subject

CATEGORY = "standard"
SEVERITY = "warning"

#: Not `ipv4`, which is a name.
_MEMBER = re.compile(r".*_v[0-9]+")
_CLASS = re.compile(r".*[a-z]V[0-9]+")


def check(subject: Subject) -> Iterator[Finding]:
    """Find names such as get_v2 and ItemV2."""
    named = [(part, _MEMBER) for part in members_of(subject.interface)]
    named += [(part, _CLASS) for part in classes_of(subject.interface)]
    for part, pattern in named:
        if pattern.fullmatch(part.name):
            yield Finding(
                part.position,
                f'the {part.kind} "{part.name}" has a version in its name',
                "say what changed when with since, was and was_type",
            )
