"""Whether a handler was right to run, decided from the bytes alone by the oracle of the version rules.

Its own are the envelope (PROTOCOL.md 3.1) and what values look like in each encoding (PROTOCOL.md 1.3).
"""

from __future__ import annotations

import base64
import datetime as dt
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from rpcgen.idl.model import NO_CONSTRAINTS, Constraints, Interface, Opaque, TypeExpr, Union
from rpcgen.idl.version import Version

from tests.fuzz import strict
from tests.versions.reference import Message, read, spoken
from tests.versions.reference.dates import exists
from tests.versions.reference.gate import find
from tests.versions.reference.messages import Converters
from tests.versions.reference.shapes import bare, method_at
from tests.versions.reference.valid import Fault, Schema


class Invalid(Exception):
    """No handler may run for this."""


@dataclass(frozen=True)
class Asked:
    """A request that may run: the newest name of its method, and the arguments that its handler is to get."""

    namespace: str | None
    method: str
    needs: tuple[int, int]
    arguments: dict[str, Any]


class Judge:
    """Decides for the interfaces of one server.

    Args:
        interfaces: the models by namespace.
        converters: of older types, as the oracle knows them.
    """

    def __init__(self, interfaces: dict[str | None, Interface], converters: Converters) -> None:
        self._interfaces = interfaces
        self._converters = converters

    def asked(self, frame: bytes) -> Asked:
        """What the frame asks for.

        Raises:
            Invalid: nothing may run.
            strict.Unsure: it is too deep to tell.
        """
        try:
            elements = strict.read(frame)
        except strict.Unreadable as error:
            raise Invalid(f"no frame: {error}") from error
        is_json = frame[:1] == b"["
        envelope(elements, is_json=is_json)
        how, namespace, name, major, minor, reader, remaining, body = elements[2:10]
        if remaining is not None and remaining <= 0:
            raise Invalid("its time is over")
        interface = self._interfaces.get(namespace)
        if interface is None:
            raise Invalid(f"namespace {namespace!r}")
        at = Version(major, minor)
        last = spoken(interface).get(major)
        if last is None or at > last:
            raise Invalid(f"version {at}")
        method = find(interface, name, at)
        if method is None:
            raise Invalid(f"no method {name!r} at {at}")
        shape = method_at(method, at)
        kind = "cast" if how else "call"
        if not any(r.kind == kind and exists(r.dated, at) for r in shape.routes):
            raise Invalid(f"{name} is no {kind}")
        faults = list(Wire(interface, at, is_json).fields(shape.args, body))
        if faults:
            raise Invalid(f"{name}: {faults[0]}")
        route = shape.routes[0]
        message = Message(name, at, reader, "", kind, route.to, body)  # type: ignore[arg-type]
        arguments = read(interface, message, self._converters)
        return Asked(namespace, method.name, (major, minor), arguments)


def envelope(elements: Any, *, is_json: bool) -> None:
    """Raise Invalid unless the elements are what PROTOCOL.md 3.1 says of a request."""
    if not isinstance(elements, list) or len(elements) < 10:
        raise Invalid("no array of 10 elements")
    given: list[Any] = [*elements, *[None] * (17 - len(elements))]
    absent = len(elements)
    call_id = _bytes(given[1], is_json=is_json)
    checks = (
        _is_int(given[0]) and given[0] == 1,
        call_id is not None and len(call_id) == 16,
        _is_int(given[2]) and given[2] in (0, 1),
        given[3] is None or isinstance(given[3], str),
        isinstance(given[4], str),
        *(_is_int(each) and 0 <= each < 2**63 for each in given[5:8]),
        given[8] is None or _is_number(given[8]),
        True,
        given[10] is None or _is_number(given[10]),
        absent <= 11 or (_is_int(given[11]) and 0 <= given[11] < 2**31),
        absent <= 12 or _bytes(given[12], is_json=is_json) is not None,
        given[13] is None or _is_name(given[13]),
        given[14] is None or _is_trace(given[14]),
        given[15] is None or _is_context(given[15]),
        given[16] is None or _is_place(given[16], is_json=is_json),
    )
    if not all(checks):
        raise Invalid(f"element {checks.index(False)}")


def _is_int(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_name(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= 1024


def _is_trace(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 2 and all(map(_is_name, value))


def _is_place(value: Any, *, is_json: bool) -> bool:
    if not isinstance(value, list) or len(value) != 2:
        return False
    series = _bytes(value[0], is_json=is_json)
    return series is not None and len(series) == 16 and _is_int(value[1]) and 0 <= value[1] < 2**31


def _is_context(value: Any) -> bool:
    if not isinstance(value, dict):
        return False
    entries: dict[Any, Any] = value
    return all(isinstance(key, str) for key in entries) and all(map(whole, entries.values()))


def _bytes(value: Any, *, is_json: bool) -> bytes | None:
    if isinstance(value, bytes) and not is_json:
        return value
    if isinstance(value, str) and is_json:
        try:
            return base64.b64decode(value, validate=True)
        except ValueError:
            return None
    return None


def whole(value: Any) -> bool:
    """Whether a value that may be anything holds nothing that is no value, and nothing that is two."""
    rest: list[Any] = [value]
    while rest:  # it may be nested deeper than functions can be
        each = rest.pop()
        if isinstance(each, list):
            rest += each
        elif isinstance(each, dict):
            entries: dict[Any, Any] = each
            rest += (*entries, *entries.values())
        elif isinstance(each, strict.BadText | strict.Doubled):
            return False
    return True


@dataclass(frozen=True)
class Wire(Schema):
    """The oracle's rules for values as an encoding has them: bytes as base64, keys as text, times and the like.

    What the product takes beyond PROTOCOL.md 1.3, and nobody is misled by: a number for a decimal, a uuid of 16 bytes or
    without its dashes. It has no opinion on members of a union that are null, and on more fields of an opaque object.
    """

    is_json: bool

    def _scalar(self, name: str, value: Any, path: str) -> Iterator[Fault]:
        if not self._fits(name, value):
            yield Fault("mistyped", path)

    def _fits(self, name: str, value: Any) -> bool:
        match name:
            case "any":
                return whole(value)
            case "bool":
                return isinstance(value, bool)
            case "int":
                return _is_int(value) and (self.is_json or -(2**63) <= value < 2**64)
            case "float":
                return _is_number(value)
            case "string":
                return isinstance(value, str)
            case "bytes":
                return isinstance(value, bytes)
            case "datetime" if isinstance(value, strict.Extension):
                return value.code == -1
            case _:
                return as_text(name, value) is not None

    def value(self, value: Any, type_: TypeExpr, limits: Constraints, path: str) -> Iterator[Fault]:
        """What is wrong with a value of a type."""
        if self.is_json and getattr(bare(type_, self.interface).base, "name", "") == "bytes":
            value = _bytes(value, is_json=True) if isinstance(value, str) else value
        yield from super().value(value, type_, limits, path)
        if isinstance(value, str) and limits is not NO_CONSTRAINTS and _is_decimal(type_):
            number = as_text("decimal", value)
            low, high = limits.min, limits.max
            if (
                number is None
                or not number.is_finite()
                or (low is not None and number < Decimal(str(low)))
                or (high is not None and number > Decimal(str(high)))
            ):
                yield Fault("mistyped", path)

    def _map(self, key: TypeExpr, inner: TypeExpr, value: Any, path: str) -> Iterator[Fault]:
        if self.is_json and isinstance(value, dict) and getattr(key, "name", "") == "int":
            entries: dict[Any, Any] = value
            try:
                value = {int(name): each for name, each in entries.items()}
            except (ValueError, TypeError):
                yield Fault("mistyped", path)
                return
        yield from super()._map(key, inner, value, path)

    def _named(self, name: str, value: Any, path: str) -> Iterator[Fault]:
        if isinstance(self.interface.types[name], Opaque) and isinstance(value, dict):
            entries: dict[Any, Any] = value
            if not isinstance(entries.get("name"), str) or not isinstance(
                entries.get("version"), str
            ):
                yield Fault("mistyped", path)
            if entries.keys() > {"name", "version", "data"}:
                raise strict.Unsure("an opaque object with more fields")
            if entries.get("name") != name or not whole(entries.get("data")):
                yield Fault("mistyped", path)
        yield from super()._named(name, value, path)

    def _union(self, definition: Union, value: Any, path: str) -> Iterator[Fault]:
        if isinstance(value, dict):
            entries: dict[Any, Any] = value
            if not all(isinstance(tag, str) for tag in entries):
                yield Fault("mistyped", path)
                return
            if len(entries) > 1 and None in entries.values():
                raise strict.Unsure("members that are null")
        yield from super()._union(definition, value, path)


def _is_decimal(type_: TypeExpr) -> bool:
    return getattr(type_, "name", "") == "decimal"


def as_text(name: str, value: Any) -> Any:
    """A uuid, time or decimal; None if the value is none."""
    try:
        match name:
            case "uuid":
                return uuid.UUID(bytes=value) if isinstance(value, bytes) else uuid.UUID(value)
            case "decimal" if _is_number(value) or isinstance(value, str):
                return Decimal(str(value))
            case "date" if isinstance(value, str):
                return dt.date.fromisoformat(value)
            case "datetime" if isinstance(value, str):
                return value if value[10:11] in "tT " and len(value) > 16 else None
            case "duration" if isinstance(value, str):
                return value if value.lstrip("+-")[:1] in ("P", "p") else None
            case _:
                return None
    except (ValueError, AttributeError, TypeError, InvalidOperation):
        return None
