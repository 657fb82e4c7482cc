"""Methods, events, and the interface that has them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from rpcgen.idl.model.fields import (
    ALWAYS,
    NO_CONSTRAINTS,
    Constraints,
    Dated,
    Deprecated,
    Field,
    Send,
    TypeExpr,
    Value,
)
from rpcgen.idl.model.named import Error, TypeDef
from rpcgen.idl.position import Position
from rpcgen.idl.version import Version

Kind = Literal["call", "cast"]
RouteName = Literal["any", "server", "fanout"]
#: Whether a message may vanish, or may come twice.
Delivery = Literal["at_most_once", "at_least_once"]


@dataclass(frozen=True, slots=True)
class Route:
    """One way in which a method may be sent, e.g. call to any server."""

    kind: Kind
    to: RouteName
    dated: Dated = ALWAYS


@dataclass(frozen=True, slots=True)
class Index:
    """`[0]` in a destination path."""

    number: int


@dataclass(frozen=True, slots=True)
class DestinationPath:
    """`instances[0].host`: an argument, then attributes and indexes."""

    text: str
    argument: str
    steps: tuple[str | Index, ...]
    position: Position


@dataclass(frozen=True, slots=True)
class Timeout:
    """Seconds, or the name of a profile (`long`)."""

    seconds: float | None = None
    profile: str | None = None


@dataclass(frozen=True, slots=True)
class Raise:
    """An error that a method declares."""

    error: str
    position: Position
    dated: Dated = ALWAYS


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic that replaced the interface's own at a version (`since` empty: always)."""

    name: str
    since: tuple[Version, ...] = ()


@dataclass(frozen=True, slots=True)
class Returns:
    """What a method answers: nothing where `type` is None."""

    type: TypeExpr | None = None
    constraints: Constraints = NO_CONSTRAINTS


@dataclass(frozen=True, slots=True)
class Form:
    """What a method was until a version; None: as it is now."""

    position: Position
    name: str | None = None
    routes: tuple[Route, ...] | None = None
    args: Mapping[str, Field] | None = None
    returns: Returns | None = None


@dataclass(frozen=True, slots=True)
class Method:
    """One method. The first route is the default; `to` is where server-routed messages go unless the caller says.

    `delivery` is that of its casts, and `ttl` the seconds for which one may wait. Messages with the same value at
    `ordering_key` are handled one after the other. `to` is complete: where the method has none of its own, it holds those of the target that fit its arguments. So is
    `router`. `was` holds its older forms: what it was until each version, ascending.
    """

    name: str
    routes: tuple[Route, ...]
    args: Mapping[str, Field]
    position: Position
    returns: TypeExpr | None = None
    returns_constraints: Constraints = NO_CONSTRAINTS
    raises: tuple[Raise, ...] = ()
    to: tuple[DestinationPath, ...] = ()
    timeout: Timeout | None = None
    idempotent: bool = False
    topic: Topic | None = None
    router: str | None = None
    was: Mapping[Version, Form] = field(default_factory=dict[Version, Form])
    dated: Dated = ALWAYS
    doc: str = ""
    deprecated: Deprecated | None = None
    examples: tuple[Value, ...] = ()
    delivery: Delivery = "at_most_once"
    ttl: float | None = None
    ordering_key: DestinationPath | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """Something that is published. `payload` names a struct; the path of `ordering_key` begins at one of its fields."""

    name: str
    payload: str
    position: Position
    priority: str = "info"
    dated: Dated = ALWAYS
    doc: str = ""
    deprecated: Deprecated | None = None
    examples: tuple[Value, ...] = ()
    delivery: Delivery = "at_most_once"
    ttl: float | None = None
    ordering_key: DestinationPath | None = None


@dataclass(frozen=True, slots=True)
class TargetDefaults:
    """Where the interface lives: `target: {exchange, topic, to, router, also}`."""

    exchange: str
    topic: Topic
    to: tuple[DestinationPath, ...] = ()
    router: str | None = None
    also: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Interface:
    """One interface file with its imports merged in.

    `types` and `errors` hold the file's own, then the imported ones that something of the file's own reaches;
    `version_at` is where the file says its version, and `source` is the path as it was given, relative and with forward
    slashes. `serves` holds the last minor of each older major that is still spoken, ascending. `supported_until` tells until which day some of
    them stay. `places` are those of what has no part of its own, such as `target.topic`, as far as the file says it. `refused_as` names the
    declared error that a client raises when its pin is too old for a message.
    """

    name: str
    version: Version
    namespace: str | None
    target: TargetDefaults
    types: Mapping[str, TypeDef]
    errors: Mapping[str, Error]
    methods: Mapping[str, Method]
    events: Mapping[str, Event]
    position: Position
    version_at: Position
    source: str
    serves: tuple[Version, ...] = ()
    releases: Mapping[str, Version] = field(default_factory=dict[str, Version])
    supported_until: Mapping[int, date] = field(default_factory=dict[int, date])
    refused_as: str | None = None
    send: Send = "set"
    doc: str = ""
    places: Mapping[str, Position] = field(default_factory=dict[str, Position])
