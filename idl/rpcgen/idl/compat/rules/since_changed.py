"""A date that was released became another one.

Messages carry the lowest version that has all that they hold, by the dates of the file that their writer was built from.
Peers that were built from the other file read them by theirs: they refuse what they date later than the message says, and
leave it out for readers that they take for older. That is so even if the new date is the true one.

## Before

```yaml
methods: {get: {call: any, args: {name: string?}}}
```

## After

```yaml
methods: {get: {call: any, args: {name: string? since 1.2}}}
```

## Instead

Leave the date as it was released until the next major. Where it was wrong, and nobody has used it yet, waive the finding.
"""

from __future__ import annotations

from rpcgen.idl.compat.change import Change
from rpcgen.idl.compat.rule import Rule
from rpcgen.idl.compat.verdict import MAJOR, Judgement


def _judge(change: Change) -> Judgement:
    return Judgement(
        message=f'the dates of "{change.path}" changed from {change.before} to {change.after}',
        wire=MAJOR,
        instead="leave the date as it was released until the next major",
        unseen="the message is the same; what changed is which version it names, and for which it is refused or left out",
    )


rule = Rule("since", "changed", "", _judge)
