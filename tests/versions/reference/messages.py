"""What the rules talk about: a request on its way, and the two ways in which a client refuses to write one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from rpcgen.idl.model import Kind, RouteName
from rpcgen.idl.version import Version

#: A plain value, as it travels.
Plain = Any


@dataclass(frozen=True)
class Message:
    """A request: `version` is what it needs, `reader` the minor that the caller understands."""

    name: str
    version: Version
    reader: int
    topic: str
    kind: Kind
    to: RouteName
    args: dict[str, Plain]


class Reason(NamedTuple):
    """Something that the pin forbids: the path of the argument (None: the method), and the version that has it."""

    argument: str | None
    needed: Version | None


@dataclass(frozen=True)
class Refusal:
    """The client sends nothing. The text does not say which reason is named if there are several."""

    method: str
    reasons: tuple[Reason, ...]
    pin: Version | None


class Step(NamedTuple):
    """One change that needs the program: `owner` is `method`, `method()` (its result), `method.arg` or `Type.field`."""

    owner: str
    until: Version


@dataclass(frozen=True)
class Converter:
    """What the program knows about a change: newer to older, and older to newer."""

    down: Callable[[Plain], Plain]
    up: Callable[[Plain], Plain]


Converters = Mapping[Step, Converter]
