"""Named types, and errors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from rpcgen.idl.model.fields import (
    ALWAYS,
    NO_CONSTRAINTS,
    Constraints,
    Dated,
    Deprecated,
    Field,
    Presence,
    TypeExpr,
    Value,
)
from rpcgen.idl.position import Position
from rpcgen.idl.version import Version


@dataclass(frozen=True, slots=True)
class Alias:
    """Another spelling of a type, with constraints; structural: it leaves no trace on the wire."""

    name: str
    type: TypeExpr
    position: Position
    constraints: Constraints = NO_CONSTRAINTS
    doc: str = ""
    deprecated: Deprecated | None = None
    examples: tuple[Value, ...] = ()
    dated: Dated = ALWAYS


@dataclass(frozen=True, slots=True)
class Envelope:
    """The keys under which a type with a version of its own travels; `constants` go along and are not compared."""

    name: str = "name"
    version: str = "version"
    data: str = "data"
    constants: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class Struct:
    """A record. `fields` are its own; `extends` names the struct whose fields come first.

    With a `version` of its own, the dates of its own fields count on that, and it travels in its `envelope`, which is there
    exactly then.
    """

    name: str
    fields: Mapping[str, Field]
    position: Position
    extends: str | None = None
    presence: Presence = "implicit"
    version: Version | None = None
    envelope: Envelope | None = None
    doc: str = ""
    deprecated: Deprecated | None = None
    examples: tuple[Value, ...] = ()
    dated: Dated = ALWAYS


@dataclass(frozen=True, slots=True)
class EnumMember:
    """One value. `value` travels; `name` is the author's name for it if the file gave one (`enum: {NAME: value}`)."""

    value: str
    position: Position
    name: str | None = None
    dated: Dated = ALWAYS
    doc: str = ""
    deprecated: Deprecated | None = None


@dataclass(frozen=True, slots=True)
class Enum:
    """A set of texts. Readers of an open one keep a value they do not know.

    `open_since` is empty for one that was always open. `fallback` maps a newer value to what older readers are told.
    """

    name: str
    members: Mapping[str, EnumMember]
    position: Position
    open: bool = False
    open_since: tuple[Version, ...] = ()
    fallback: Mapping[str, str] = field(default_factory=dict[str, str])
    doc: str = ""
    deprecated: Deprecated | None = None
    examples: tuple[Value, ...] = ()
    dated: Dated = ALWAYS


@dataclass(frozen=True, slots=True)
class UnionMember:
    """One alternative; `tag` is the single key of the map that travels."""

    tag: str
    type: TypeExpr
    position: Position
    dated: Dated = ALWAYS
    doc: str = ""
    deprecated: Deprecated | None = None


@dataclass(frozen=True, slots=True)
class Union:
    """A tagged union: `{"image": {...}}`."""

    name: str
    members: Mapping[str, UnionMember]
    position: Position
    open: bool = False
    open_since: tuple[Version, ...] = ()
    doc: str = ""
    deprecated: Deprecated | None = None
    examples: tuple[Value, ...] = ()
    dated: Dated = ALWAYS


@dataclass(frozen=True, slots=True)
class Opaque:
    """An object of the program's own that travels as {name, version, data} through a codec the program brings.

    `attributes` are what `to:` may look at on the client.
    """

    name: str
    position: Position
    attributes: Mapping[str, TypeExpr] = field(default_factory=dict[str, "TypeExpr"])
    doc: str = ""
    deprecated: Deprecated | None = None
    dated: Dated = ALWAYS


TypeDef = Alias | Struct | Enum | Union | Opaque


@dataclass(frozen=True, slots=True)
class Error:
    """A declared error. `wire` is its name for peers of other wires; `extends` names another error.

    `fields` are its own, the base's come first; `retryable` is inherited unless the error says otherwise.
    """

    name: str
    fields: Mapping[str, Field]
    position: Position
    extends: str | None = None
    retryable: bool = False
    wire: str | None = None
    doc: str = ""
    deprecated: Deprecated | None = None
    dated: Dated = ALWAYS
