"""Types, values, dates and members: what fields and arguments are made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from rpcgen.idl.position import Position
from rpcgen.idl.version import Version

ScalarName = Literal[
    "bool",
    "int",
    "float",
    "string",
    "bytes",
    "uuid",
    "datetime",
    "date",
    "duration",
    "decimal",
    "any",
]
Older = Literal["refuse_if_set", "drop", "refuse"]
Send = Literal["set", "always"]
Presence = Literal["implicit", "explicit"]

# --- type expressions ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Scalar:
    """A built-in type, e.g. `int`."""

    name: ScalarName


@dataclass(frozen=True, slots=True)
class ListOf:
    """`list[item]`."""

    item: TypeExpr


@dataclass(frozen=True, slots=True)
class MapOf:
    """`map[key, value]`; the key is the scalar `string` or `int`, or a name that resolves to one."""

    key: TypeExpr
    value: TypeExpr


@dataclass(frozen=True, slots=True)
class Nullable:
    """`inner?`; never nested in another Nullable."""

    inner: TypeExpr


@dataclass(frozen=True, slots=True)
class Named:
    """A type of `Interface.types`, by its name."""

    name: str


TypeExpr = Scalar | ListOf | MapOf | Nullable | Named

# --- values -------------------------------------------------------------------------------------------------------

#: A default, a constant or an example, already read by its type, in the shape that travels: None, bool, int, float,
#: str, list, dict. Enum values are their wire text; bytes are base64 text; uuid, datetime, date, duration and decimal
#: are their canonical text (a duration is ISO 8601, e.g. "PT30S").
Value = None | bool | int | float | str | list["Value"] | dict[str, "Value"]


@dataclass(frozen=True, slots=True)
class Default:
    """A default that was given (None is a value, so absence needs a type of its own)."""

    value: Value


@dataclass(frozen=True, slots=True)
class Constraints:
    """Bounds on a value. `size` bounds the length of strings, bytes, lists and maps; `min`/`max` bound numbers."""

    min: int | float | None = None
    max: int | float | None = None
    min_size: int | None = None
    max_size: int | None = None
    pattern: str | None = None
    unique: bool = False


NO_CONSTRAINTS = Constraints()


@dataclass(frozen=True, slots=True)
class Deprecated:
    """`deprecated: {since, use}`; both may be unknown."""

    since: Version | None = None
    use: str | None = None


@dataclass(frozen=True, slots=True)
class Dated:
    """When something exists.

    `since` and `until` hold at most one version per major, ascending; empty means "always" and "still".
    """

    since: tuple[Version, ...] = ()
    until: tuple[Version, ...] = ()


ALWAYS = Dated()

# --- members ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class OlderType:
    """What a field was before a version: its type, bounds and default of then (None: it was required, or nullable).

    `converted` tells that some value of it is no value of the next form, so that the program has to convert.
    """

    type: TypeExpr
    constraints: Constraints = NO_CONSTRAINTS
    default: Default | None = None
    converted: bool = False


@dataclass(frozen=True, slots=True)
class Field:
    """An argument of a method, or a field of a struct or error.

    `name` is what travels. `type` is Nullable exactly when the text said `T?`; constraints apply to the value inside.
    `was` and `was_type` hold what it was until each version, ascending.
    """

    name: str
    type: TypeExpr
    position: Position
    default: Default | None = None
    constraints: Constraints = NO_CONSTRAINTS
    dated: Dated = ALWAYS
    older: Older | None = None
    send: Send | None = None
    was: Mapping[Version, str] = field(default_factory=dict[Version, str])
    was_type: Mapping[Version, OlderType] = field(default_factory=dict[Version, OlderType])
    constant: Default | None = None
    presence: Presence = "implicit"
    doc: str = ""
    deprecated: Deprecated | None = None
    examples: tuple[Value, ...] = ()
