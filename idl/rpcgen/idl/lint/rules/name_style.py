"""A name is not written as names of its kind are.

Methods, arguments, fields and members of unions are `lower_case`, types and errors are `CapitalWords`. They become
Python's names, and whoever uses the generated code expects Python's style. To rename what is released, use `was`.

## Found

```yaml
methods:
  getItem: {call: any, args: {itemId: int}, returns: string}
```

## Fine

```yaml
methods:
  get_item: {call: any, args: {item_id: int}, returns: string}
```
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from rpcgen.idl.lint.parts import classes_of, members_of
from rpcgen.idl.lint.rule import Finding, Subject

CATEGORY = "standard"
SEVERITY = "error"

_LOWER = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_CAPITALS = re.compile(r"([A-Z][A-Za-z0-9]*)")


def check(subject: Subject) -> Iterator[Finding]:
    """Find names of another style."""
    for part in members_of(subject.interface):
        if not _LOWER.fullmatch(part.name):
            yield Finding(
                part.position,
                f'the {part.kind} "{part.name}" is not in lower_case',
                f"write {_lower(part.name)}",
            )
    for part in classes_of(subject.interface):
        if not _CAPITALS.fullmatch(part.name) or (part.name.isupper() and len(part.name) > 4):
            yield Finding(
                part.position,
                f'the {part.kind} "{part.name}" is not in CapitalWords',
                f"write {_capital_words(part.name)}",
            )


def _lower(name: str) -> str:
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name)
    return re.sub(r"_+", "_", words).strip("_").lower()


def _capital_words(name: str) -> str:
    return "".join(word.capitalize() for word in _lower(name).split("_"))
