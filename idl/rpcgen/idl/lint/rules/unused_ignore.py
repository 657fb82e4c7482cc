"""A comment accepts a finding that there is not.

What it spoke of has been mended, or it stands on the wrong line. `rpcgen lint --fix` takes such a comment out.

## Found

```yaml
methods:
  get: {call: any, returns: string, timeout: 5s}  # rpcgen: ignore[call-without-timeout] it is quick
```

## Fine

```yaml
methods:
  get: {call: any, returns: string}  # rpcgen: ignore[call-without-timeout] it is quick
```
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from rpcgen.idl.lint.ignore import Ignore
from rpcgen.idl.lint.rule import Edit, Finding, Subject

CATEGORY = "minimal"
SEVERITY = "warning"
LAST = True


def check(subject: Subject) -> Iterator[Finding]:
    """Find what accepted nothing, of rules that have run."""
    for ignore in subject.ignores:
        if ignore not in subject.spent and ignore.rule in subject.judged:
            yield Finding(
                ignore.position,
                f"nothing on this line is found by {ignore.rule}"
                if ignore.line == ignore.position.line
                else f"nothing on line {ignore.line} is found by {ignore.rule}",
                "take the comment out",
                edit=_edit(ignore, subject) if ignore.alone else None,
            )


def _edit(ignore: Ignore, subject: Subject) -> Edit:
    """Take out the comment: with its line if it has one, else with the blanks before it."""
    at = ignore.position
    if ignore.line != at.line:
        return Edit(at, None)
    before = len(subject.row(at)[: at.column - 1].rstrip())
    blanks = at.column - 1 - before
    return Edit(replace(at, column=before + 1, length=at.length + blanks), "")
