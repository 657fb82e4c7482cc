"""A closed enum or union is part of a result, an error or an event.

A client of today fails on a value of tomorrow, so every new value costs a new major version. An open one keeps what it
does not know; `fallback` tells older readers of a result another value, and is taken as a sign that you thought of it.

## Found

```yaml
types:
  State: {enum: [running, paused]}
methods:
  get: {call: any, returns: State}
```

## Fine

```yaml
types:
  State: {open: true, enum: [running, paused]}
methods:
  get: {call: any, returns: State}
```
"""

from __future__ import annotations

from collections.abc import Iterator

from rpcgen.idl.lint.rule import Finding, Subject
from rpcgen.idl.model import Enum, Interface, Union
from rpcgen.idl.resolve import field_types, names_in, reachable

CATEGORY = "standard"
SEVERITY = "warning"


def check(subject: Subject) -> Iterator[Finding]:
    """Find closed types that readers meet, each where it is defined."""
    interface = subject.interface
    seen: set[str] = set()
    for where, names in _answers(interface):
        found = reachable(names, interface.types, seen)
        seen |= found.keys()
        for name in found:
            type_ = interface.types[name]
            if not isinstance(type_, Enum | Union) or type_.open or type_.open_since:
                continue
            if isinstance(type_, Enum) and type_.fallback:
                continue
            kind = "enum" if isinstance(type_, Enum) else "union"
            yield Finding(
                type_.position,
                f'the {kind} "{name}" is closed, and {where} holds it: a new value needs a new major version',
                "say `open: true`, unless there can never be another value",
            )


def _answers(interface: Interface) -> Iterator[tuple[str, list[str]]]:
    """What can be read, and the types that it names."""
    for method in interface.methods.values():
        if method.returns is not None:
            yield f'the result of "{method.name}"', list(names_in(method.returns))
    for error in interface.errors.values():
        names = [name for type_ in field_types(error.fields.values()) for name in names_in(type_)]
        yield f'the error "{error.name}"', names
    for event in interface.events.values():
        yield f'the event "{event.name}"', [event.payload]
