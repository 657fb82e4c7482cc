"""Scalar values: what each built-in type reads, and the one text in which the model keeps it."""

from __future__ import annotations

import base64
import binascii
import datetime
import decimal
import math
import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass

from rpcgen.idl.durations import iso_duration, parse_duration, parse_iso_duration
from rpcgen.idl.model import ScalarName, Value

_INT = re.compile(r"-?(?:0|[1-9][0-9]{0,19})", re.ASCII)
_FLOAT = re.compile(
    r"-?(?:0|[1-9][0-9]{0,309})(?:\.[0-9]{1,400})?(?:[eE][+-]?[0-9]{1,3})?", re.ASCII
)
_DECIMAL = re.compile(r"-?(?:0|[1-9][0-9]{0,100})(?:\.[0-9]{1,100})?", re.ASCII)
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_DATETIME = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?(?:[Zz]|[+-][0-9]{2}:[0-9]{2})",
    re.ASCII,
)

#: What travels in 64 bits, signed or not.
MIN_INT, MAX_INT = -(2**63), 2**64 - 1


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A scalar that its type does not read; `hint` says what it would have read."""

    hint: str


Reader = Callable[[str, bool], "Value | Unreadable"]


def _bool(text: str, plain: bool) -> Value | Unreadable:
    if plain and text in {"true", "false"}:
        return text == "true"
    return Unreadable("write true or false, without quotes")


def _int(text: str, plain: bool) -> Value | Unreadable:
    if plain and _INT.fullmatch(text) and MIN_INT <= (number := int(text)) <= MAX_INT:
        return number
    return Unreadable("write a whole number in decimal, of 64 bits, without quotes")


def _float(text: str, plain: bool) -> Value | Unreadable:
    if plain and _FLOAT.fullmatch(text) and math.isfinite(number := float(text)):
        return number
    return Unreadable("write a finite number, without quotes")


def _string(text: str, plain: bool) -> Value | Unreadable:
    return text


def _bytes(text: str, plain: bool) -> Value | Unreadable:
    try:
        return base64.b64encode(base64.b64decode(text, validate=True)).decode("ascii")
    except (binascii.Error, ValueError):
        return Unreadable("write the bytes in base64")


def _uuid(text: str, plain: bool) -> Value | Unreadable:
    try:
        return (
            str(uuid.UUID(text))
            if len(text) in {32, 36} and text.isascii()
            else Unreadable(_UUID_HINT)
        )
    except ValueError:
        return Unreadable(_UUID_HINT)


_UUID_HINT = "write a UUID such as 123e4567-e89b-12d3-a456-426614174000"


def _datetime(text: str, plain: bool) -> Value | Unreadable:
    hint = "write a time with its zone, such as 2025-01-31T12:00:00Z"
    if not _DATETIME.fullmatch(text):
        return Unreadable(hint)
    try:
        moment = datetime.datetime.fromisoformat(text.upper()).astimezone(datetime.UTC)
    except ValueError:
        return Unreadable(hint)
    except OverflowError:
        return Unreadable("write a time that is between the years 1 and 9999 in UTC, too")
    return moment.isoformat().replace("+00:00", "Z")


def _date(text: str, plain: bool) -> Value | Unreadable:
    hint = "write a date such as 2025-01-31"
    if not _DATE.fullmatch(text):
        return Unreadable(hint)
    try:
        return datetime.date.fromisoformat(text).isoformat()
    except ValueError:
        return Unreadable(hint)


def _duration(text: str, plain: bool) -> Value | Unreadable:
    seconds = parse_duration(text)
    if seconds is None:
        seconds = parse_iso_duration(text)
    if seconds is None or abs(seconds) > 86_399_999_999:
        return Unreadable(
            "write 30s, 2m, 1.5h, a number of seconds, or ISO 8601 such as PT30S, in whole microseconds"
        )
    return iso_duration(seconds)


def _decimal(text: str, plain: bool) -> Value | Unreadable:
    if not _DECIMAL.fullmatch(text):
        return Unreadable("write a decimal number such as 12.50")
    return str(decimal.Decimal(text))


def plain_any(text: str) -> Value:
    """Read an unquoted scalar where nothing says its type: true, false and numbers are what they look like."""
    if text in {"true", "false"}:
        return text == "true"
    for read in (_int, _float):
        value = read(text, True)
        if not isinstance(value, Unreadable):
            return value
    return text


def _any(text: str, plain: bool) -> Value | Unreadable:
    return plain_any(text) if plain else text


SCALAR_READERS: dict[ScalarName, Reader] = {
    "bool": _bool,
    "int": _int,
    "float": _float,
    "string": _string,
    "bytes": _bytes,
    "uuid": _uuid,
    "datetime": _datetime,
    "date": _date,
    "duration": _duration,
    "decimal": _decimal,
    "any": _any,
}
