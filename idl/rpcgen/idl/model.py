"""The meaning of one interface file, checked and resolved.

Everything here is immutable and knows nothing of YAML, of files' contents or of Python code generation. A model
exists only if its file had no mistakes, so whoever holds an `Interface` may rely on it: every `Named` type resolves,
every default has its field's type, every version is dated inside the file's own history.

Source order is kept everywhere: a dict iterates in the order of the file.
"""

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
Kind = Literal["call", "cast"]
RouteName = Literal["any", "server", "fanout"]
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


# --- named types --------------------------------------------------------------------------------------------------


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


# --- methods ------------------------------------------------------------------------------------------------------


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

    `to` is complete: where the method has none of its own, it holds those of the target that fit its arguments. So is
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


@dataclass(frozen=True, slots=True)
class Event:
    """Something that is published. `payload` names a struct."""

    name: str
    payload: str
    position: Position
    priority: str = "info"
    dated: Dated = ALWAYS
    doc: str = ""
    deprecated: Deprecated | None = None
    examples: tuple[Value, ...] = ()


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
    `source` is the path as it was given, relative and with forward slashes. `serves` holds the last minor of each older
    major that is still spoken, ascending. `refused_as` names the declared error that a client raises when its pin is
    too old for a message.
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
    source: str
    serves: tuple[Version, ...] = ()
    releases: Mapping[str, Version] = field(default_factory=dict[str, Version])
    refused_as: str | None = None
    send: Send = "set"
    doc: str = ""
