"""A comment that accepts findings does not say which, or why.

`# rpcgen: ignore[rule] reason` names one rule or several, which exist, and then says why they do not matter here. Without a
reason nobody can tell later whether it still holds.

## Found

```yaml
methods:
  get: {call: any, returns: any}  # rpcgen: ignore[any-usd]
```

## Fine

```yaml
methods:
  get: {call: any, returns: any}  # rpcgen: ignore[any-used] what the guest reports, passed on as it is
```
"""

from __future__ import annotations

from collections.abc import Iterator

from rpcgen.idl.lint.rule import Finding, Subject
from rpcgen.idl.report import nearest

CATEGORY = "minimal"
SEVERITY = "error"


def check(subject: Subject) -> Iterator[Finding]:
    """Find comments without a rule, with a rule that there is not, and without a reason."""
    for ignore in subject.ignores:
        if not ignore.rule:
            yield Finding(
                ignore.position,
                "this accepts findings of no rule",
                "write # rpcgen: ignore[rule] reason",
            )
        elif ignore.rule not in subject.known:
            near = nearest(ignore.rule, subject.known)
            yield Finding(
                ignore.position,
                f'there is no lint rule "{ignore.rule}"',
                f'did you mean "{near}"?' if near else "`rpcgen lint --list` lists them",
            )
        if not ignore.reason:
            yield Finding(
                ignore.position,
                "this does not say why the findings do not matter",
                "write the reason behind the bracket",
            )
