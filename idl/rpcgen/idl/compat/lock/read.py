"""The text of a release -> the interface that it was.

It has no docs, and places count lines of nothing: they only tell one part from another.
"""

from __future__ import annotations

import json
import marshal
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import Any, TypeVar, cast

from rpcgen.idl.compat.lock.write import FORMAT, digest
from rpcgen.idl.model import (
    ALWAYS,
    NO_CONSTRAINTS,
    Alias,
    Constraints,
    Dated,
    Default,
    DestinationPath,
    Enum,
    EnumMember,
    Envelope,
    Error,
    Event,
    Field,
    Form,
    Interface,
    Method,
    OlderType,
    Opaque,
    Raise,
    Returns,
    Route,
    Struct,
    TargetDefaults,
    Timeout,
    Topic,
    TypeDef,
    TypeExpr,
    Union,
    UnionMember,
)
from rpcgen.idl.position import Position
from rpcgen.idl.typetext import TypeText, parse_type
from rpcgen.idl.version import Version, parse_version

Json = Any
T = TypeVar("T")


class Unreadable(Exception):
    """A text is no release; the message says why, and does not say where it is."""


@dataclass(frozen=True, slots=True)
class Locked:
    """A release.

    Attributes:
        interface: what it was.
        sha256: the digest that the text names.
        intact: whether that is the digest of what the text says.
    """

    interface: Interface
    sha256: str
    intact: bool


@dataclass(slots=True)
class Parts:
    """Parts of releases that were read before: what one release says like the one before it is made once."""

    count: int = 0
    made: dict[tuple[str, str], tuple[bytes, Any]] = field(
        default_factory=dict[tuple[str, str], tuple[bytes, Any]]
    )

    def same(self, kind: str, name: str, said: Json, make: Callable[[str, Json], T]) -> T:
        """Return the part that says this."""
        # Unlike `==`, this tells 1 from true; it is the quickest way to. Version 2 has no back references.
        key = marshal.dumps(said, 2)
        known = self.made.get((kind, name))
        if known is not None and known[0] == key:
            part: T = known[1]
            return part
        part = make(name, said)
        self.made[kind, name] = (key, part)
        return part


def read_lock(text: str, file: str, parts: Parts | None = None) -> Locked:
    """Read the text of a release.

    Args:
        text: what is kept of it.
        file: its name for places.
        parts: of other releases of the interface.

    Raises:
        Unreadable: it is none.
    """
    try:
        whole: Json = json.loads(text)
    except ValueError as error:
        if re.search("^<{7} ", text, re.MULTILINE):
            raise Unreadable(
                "a merge conflict is left in it; take the whole file of one side, as releases are never merged"
            ) from None
        raise Unreadable(f"it is no JSON: {error}") from None
    except RecursionError:
        raise Unreadable("what it holds is nested too deeply") from None
    release = cast("dict[str, Json]", whole) if isinstance(whole, dict) else {}
    if "format" not in release:
        raise Unreadable("it is no release that `rpcgen release` wrote")
    if release["format"] != FORMAT:
        raise Unreadable(f"its format is {release['format']!r}, and this rpcgen reads {FORMAT}")
    try:
        interface, sha256 = (
            _Reading(file, parts or Parts()).interface(release),
            str(release["sha256"]),
        )
        return Locked(interface, sha256, digest(release["model"]) == sha256)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise Unreadable(f"something in it is missing or of another kind: {error!r}") from None


class _Reading:
    """One text."""

    def __init__(self, file: str, parts: Parts) -> None:
        self._file = file
        self._parts = parts

    def _place(self) -> Position:
        self._parts.count += 1
        return Position(self._file, self._parts.count, 1)

    def interface(self, whole: Json) -> Interface:
        """Read it all."""
        model = whole["model"]
        target = model["target"]
        return Interface(
            name=whole["interface"],
            version=_version(whole["version"]),
            namespace=model["namespace"][0],
            target=TargetDefaults(
                target["exchange"],
                _topic(target["topic"]),
                router=target.get("router"),
                also=tuple(target.get("also", ())),
            ),
            types=self._all(model, "types", self._type),
            errors=self._all(model, "errors", self._error),
            methods=self._all(model, "methods", self._method),
            events={
                name: self._event(name, said) for name, said in model.get("events", {}).items()
            },
            position=self._place(),
            version_at=self._place(),
            source=self._file,
            serves=_versions(model.get("serves", ())),
            supported_until={
                int(major): date.fromisoformat(day)
                for major, day in model.get("supported_until", {}).items()
            },
            refused_as=model.get("refused_as"),
            send=model.get("send", "set"),
        )

    def _all(self, model: Json, kind: str, make: Callable[[str, Json], T]) -> dict[str, T]:
        entries = model.get(kind, {}).items()
        return {name: self._parts.same(kind, name, said, make) for name, said in entries}

    def _fields(self, said: Json) -> dict[str, Field]:
        return {name: self._field(name, one) for name, one in said.items()}

    def _field(self, name: str, said: Json) -> Field:
        if len(said) == 1:
            return Field(name, _expression(said["type"]), self._place())
        return Field(
            name,
            _expression(said["type"]),
            self._place(),
            default=_value(said, "default"),
            constraints=_limits(said),
            dated=_dated(said),
            older=said.get("older"),
            send=said.get("send"),
            was={_version(until): older for until, older in said.get("was", {}).items()},
            was_type={
                _version(until): _older(form) for until, form in said.get("was_type", {}).items()
            },
            constant=_value(said, "constant"),
            presence=said.get("presence", "implicit"),
        )

    def _type(self, name: str, said: Json) -> TypeDef:
        place, dated = self._place(), _dated(said)
        if "fields" in said:
            version = said.get("version")
            return Struct(
                name,
                self._fields(said["fields"]),
                place,
                extends=said.get("extends"),
                version=_version(version) if version else None,
                envelope=Envelope(*said["envelope"]) if "envelope" in said else None,
                dated=dated,
            )
        if "enum" in said:
            values = {
                value: EnumMember(value, self._place(), one.get("name"), _dated(one))
                for value, one in said["enum"].items()
            }
            is_open, since = said.get("open", False), _versions(said.get("open_since", ()))
            return Enum(name, values, place, is_open, since, said.get("fallback", {}), dated=dated)
        if "union" in said:
            members = {
                tag: UnionMember(tag, _expression(one["type"]), self._place(), _dated(one))
                for tag, one in said["union"].items()
            }
            is_open, since = said.get("open", False), _versions(said.get("open_since", ()))
            return Union(name, members, place, is_open, since, dated=dated)
        if "opaque" in said:
            attributes = {key: _expression(text) for key, text in said["opaque"].items()}
            return Opaque(name, place, attributes, dated=dated)
        return Alias(name, _expression(said["alias"]), place, _limits(said), dated=dated)

    def _error(self, name: str, said: Json) -> Error:
        return Error(
            name,
            self._fields(said.get("fields", {})),
            self._place(),
            extends=said.get("extends"),
            retryable=said.get("retryable", False),
            wire=said.get("wire"),
            dated=_dated(said),
        )

    def _method(self, name: str, said: Json) -> Method:
        returns = _returns(said.get("returns", {}))
        timeout = said.get("timeout")
        return Method(
            name,
            _routes(said["routes"]),
            self._fields(said.get("args", {})),
            self._place(),
            returns=returns.type,
            returns_constraints=returns.constraints,
            raises=tuple(
                Raise(error, self._place(), _dated(one)) for error, one in said.get("raises", ())
            ),
            to=tuple(DestinationPath(text, "", (), self._place()) for text in said.get("to", ())),
            timeout=None if timeout is None else _timeout(timeout),
            idempotent=said.get("idempotent", False),
            topic=_topic(said["topic"]) if "topic" in said else None,
            router=said.get("router"),
            was={_version(until): self._form(form) for until, form in said.get("was", {}).items()},
            dated=_dated(said),
            delivery=said.get("delivery", "at_most_once"),
            ttl=said.get("ttl"),
            ordering_key=self._path(said.get("ordering_key")),
        )

    def _event(self, name: str, said: Json) -> Event:
        return Event(
            name,
            said["payload"],
            self._place(),
            said["priority"],
            _dated(said),
            delivery=said.get("delivery", "at_most_once"),
            ttl=said.get("ttl"),
            ordering_key=self._path(said.get("ordering_key")),
        )

    def _path(self, text: str | None) -> DestinationPath | None:
        return None if text is None else DestinationPath(text, "", (), self._place())

    def _form(self, said: Json) -> Form:
        return Form(
            self._place(),
            name=said.get("name"),
            routes=_routes(said["routes"]) if "routes" in said else None,
            args=self._fields(said["args"]) if "args" in said else None,
            returns=_returns(said["returns"]) if "returns" in said else None,
        )


@lru_cache(maxsize=4096)
def _expression(text: str) -> TypeExpr:
    parsed = parse_type(text)
    if not isinstance(parsed, TypeText):
        raise Unreadable(f"{text!r} is no type")
    return parsed.type


@lru_cache(maxsize=4096)
def _version(text: str) -> Version:
    version = parse_version(text)
    if version is None:
        raise Unreadable(f"{text!r} is no version")
    return version


def _versions(texts: Json) -> tuple[Version, ...]:
    return tuple(_version(text) for text in texts)


def _dated(said: Mapping[str, Json]) -> Dated:
    if "since" not in said and "until" not in said:
        return ALWAYS
    return Dated(_versions(said.get("since", ())), _versions(said.get("until", ())))


_LIMITS = ("min", "max", "min_size", "max_size", "pattern", "unique")


def _limits(said: Mapping[str, Json]) -> Constraints:
    found = {key: said[key] for key in _LIMITS if key in said}
    return Constraints(**found) if found else NO_CONSTRAINTS


def _value(said: Mapping[str, Json], key: str) -> Default | None:
    return Default(said[key][0]) if key in said else None


def _older(said: Json) -> OlderType:
    return OlderType(_expression(said["type"]), _limits(said), _value(said, "default"))


def _returns(said: Json) -> Returns:
    return Returns(_expression(said["type"]), _limits(said)) if said else Returns()


def _topic(said: Json) -> Topic:
    return Topic(said[0], _versions(said[1]))


def _timeout(said: Json) -> Timeout:
    return Timeout(profile=said) if isinstance(said, str) else Timeout(seconds=said)


def _routes(said: Json) -> tuple[Route, ...]:
    return tuple(Route(kind, to, _dated(one)) for kind, to, one in said)
