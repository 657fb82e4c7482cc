"""What absent means changed: the default is another, or there is one now, or there is none any more.

The same message means something else to a reader of another version, and nobody notices. So it is even with a date where an
argument is younger than its method, or a field of a request than its struct: left out, it asks for no version, and the server
cannot tell whose default was meant.

## Before

```yaml
methods: {get: {call: any, args: {count: int = 1}}}
```

## After

```yaml
methods: {get: {call: any, args: {count: int = 2}}}
```

## Instead

Write down what it was, so that messages of older versions keep their meaning:

```yaml
methods:
  get:
    call: any
    args:
      count: {type: int, default: 2, was_type: {"1.4": int = 1}}
```
"""

from __future__ import annotations

from rpcgen.idl.compat.change import Change
from rpcgen.idl.compat.rule import Rule
from rpcgen.idl.compat.verdict import MAJOR, MINOR, Judgement

_SILENT = "the message leaves it out, and both read that as their own default"
_ALWAYS_WRITTEN = (
    "generated servers write the default, too; whoever else answers may leave it out, and older readers "
    "take that for their own default"
)


def _judge(change: Change) -> Judgement:
    # Whoever leaves out what is younger names a version that does not have it, whatever the file says of later ones.
    silent = change.dated and not change.levelled and change.root.reader == "request"
    other = "add another optional one" if silent else change.recorded
    return Judgement(
        message=f'the default of "{change.path}" changed{change.used}: {change.before} became {change.after}',
        wire=MINOR if change.levelled else MAJOR,
        source=MINOR if change.levelled else MAJOR,
        instead="" if change.levelled else f"keep the default, or {other}",
        unseen=_SILENT if silent else _ALWAYS_WRITTEN if _is_always_written(change) else "",
    )


def _is_always_written(change: Change) -> bool:
    """Whether all messages are of newer servers, which have a default to write."""
    return bool(change.told) and not (change.was_written or change.levelled)


rule = Rule("default", "changed", "", _judge)
