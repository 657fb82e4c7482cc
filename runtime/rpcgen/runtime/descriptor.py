"""What generated code says about an interface: plain tables that the runtime reads at start.

Knows nothing of clients, servers or frames. Everything is built once, at import of a generated package, so the
constructors do no work beyond storing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Generic, Literal, TypeVar, cast

from msgspec import Struct, field
from rpcgen.runtime.errors import DeclaredError

Args = TypeVar("Args", bound=Struct)
Result = TypeVar("Result")
Payload = TypeVar("Payload", bound=Struct)

Kind = Literal["call", "cast"]
RouteName = Literal["any", "server", "fanout"]
Version = tuple[int, int]
Since = tuple[Version, ...]
Older = Literal["refuse_if_set", "drop", "refuse"]


class Nothing:
    """Stands where there is no value, because None is one."""

    def __repr__(self) -> str:
        return "NOTHING"

    def __reduce__(self) -> str:
        return "NOTHING"  # a copy is the same object


NOTHING = Nothing()


class OlderType(Struct, frozen=True):
    """What a part was until a version.

    Attributes:
        until: the first version with the next form.
        type: a type expression.
        default: the plain value that absent read as; NOTHING: it had to be there, unless it could be null.
        convert: the stem of the converters' names (`down_` and `up_` go before it); empty if every value of the older
            type is one of the next form.
        narrow: the same, where only servers convert: in results, for readers that do not know every newer value.
    """

    until: Version
    type: object
    default: Any = NOTHING
    convert: str = ""
    narrow: str = ""


class Part(Struct, frozen=True):
    """An argument, a field, an enum value or a union member, at other versions than the newest.

    Attributes:
        since, until: when it exists; at most one version per major.
        older: what a client does with it for a peer that is older than `since`.
        always: it is sent even while it is unset.
        names: what it was called until each version, ascending.
        types: what it was until each version, ascending.
    """

    since: Since = ()
    until: Since = ()
    older: Older = "refuse_if_set"
    always: bool = False
    names: tuple[tuple[Version, str], ...] = ()
    types: tuple[OlderType, ...] = ()


class Gone(Struct, frozen=True):
    """An argument or field that older versions have and the newest has not.

    Attributes:
        name: its last name on the wire.
        type: a type expression.
        part: its dates, and its older names and types.
        value: the plain value that messages of its versions hold unless the program passes one; NOTHING: it must.
        constant: nobody can pass one, and readers do not look at it.
        needed: messages of its versions must hold it.
    """

    name: str
    type: object
    part: Part
    value: Any = NOTHING
    constant: bool = False
    needed: bool = True


class Clock(Struct, frozen=True):
    """How a struct with a version of its own travels: `{name: ..., version: "1.9", data: {...}, ...constants}`."""

    type_name: str
    version: Version
    name: str = "name"
    version_key: str = "version"
    data: str = "data"
    constants: Mapping[str, str] = field(default_factory=dict[str, str])


class Topic(Struct, frozen=True):
    """A topic; with `since`, older versions use the interface's first other one."""

    name: str
    since: Since = ()


class NoArgs(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The arguments of a method that takes none."""


class Opaque(Struct, frozen=True, kw_only=True):
    """How an opaque object travels: `data` is whatever the program's codec made of it.

    A client or server without a codec passes these; what `data` has under a name reads as an attribute.
    """

    name: str
    version: str
    data: Any

    def __getattr__(self, name: str) -> Any:
        data: object = self.data
        if name.startswith("_") or not isinstance(data, dict):
            raise AttributeError(name)
        return cast("dict[str, Any]", data).get(name)


class Route(Struct, frozen=True):
    """One way in which a method may be sent; `since` and `until` hold at most one version per major."""

    kind: Kind
    to: RouteName
    since: Since = ()
    until: Since = ()


class Form(Struct, frozen=True):
    """What a method was until a version; what a form does not say is as it is now.

    Attributes:
        until: the first version with the next form.
        name: what travelled.
        routes: empty: as now.
        args: the struct of its arguments; None: as now.
        returns: the type expression of its result; NOTHING: as now.
        convert: the stem of the converters' names; `down_` and `up_` go before it for arguments, `result_` for results.
            Empty if there is nothing to convert.
    """

    until: Version
    name: str | None = None
    routes: tuple[Route, ...] = ()
    args: type[Struct] | None = None
    returns: object = NOTHING
    convert: str = ""


class ErrorType(Struct, frozen=True):
    """A declared error: its name on the wire, its class, and the struct that carries its fields."""

    name: str
    cls: type[DeclaredError]
    fields: type[Struct]
    wire: str | None = None


class Method(Struct, Generic[Args, Result], eq=False):
    """One method of an interface.

    Attributes:
        name: what travels.
        attribute: the name of the handler on an endpoint, and of the method on a client.
        args: the struct of its arguments.
        returns: the type expression of its result, e.g. `list[str] | None`.
        routes: the first is the default.
        raises: names of declared errors.
        destination: reads the default server name from the arguments; None if nothing names one. An exception of
            the kind an absent attribute raises does not occur: generated code checks for None on the way.
        destination_text: what `destination` looks at, for messages to people.
        timeout: seconds; None means the client's default.
        profile: a named timeout (`long`) that the client resolves; excludes `timeout`.
        kept: its casts are delivered at least once, unless they go to all servers.
        ttl: seconds for which a cast may wait; None: as long as its sender's timeout.
        order: reads the key from the arguments; messages of an interface that have the same one are handled one after
            the other. None, or None as the key: they are not.
        topic: replaces the interface's topic.
        router: the name of the program's function that has the last word on where messages go.
        since, until: when it exists; at most one version per major.
        forms: what it was until each version, ascending.
    """

    name: str
    attribute: str
    args: type[Args]
    returns: object
    routes: tuple[Route, ...]
    raises: tuple[str, ...] = ()
    destination: Callable[[Args], str | None] | None = None
    destination_text: str = ""
    timeout: float | None = None
    profile: str | None = None
    idempotent: bool = False
    kept: bool = False
    ttl: float | None = None
    order: Callable[[Args], object] | None = None
    topic: Topic | None = None
    router: str | None = None
    since: Since = ()
    until: Since = ()
    forms: tuple[Form, ...] = ()
    deprecated: str | None = None
    #: Set by the interface that it belongs to.
    interface: Interface = field(default=cast("Any", None))


class Event(Struct, Generic[Payload], eq=False):
    """Something that an interface publishes.

    Attributes:
        name: what travels.
        attribute: the name of the method on publishers and subscribers.
        payload: the struct of what it says.
        kept: it is delivered at least once to every group of subscribers.
        ttl: seconds for which it may wait; None: for ever.
        order: reads the key from the payload; events of an interface that have the same one are handled one after the
            other.
        since, until: when it exists; at most one version per major.
    """

    name: str
    attribute: str
    payload: type[Payload]
    priority: str = "info"
    kept: bool = False
    ttl: float | None = None
    order: Callable[[Payload], object] | None = None
    since: Since = ()
    until: Since = ()
    deprecated: str | None = None
    #: Set by the interface that it belongs to.
    interface: Interface = field(default=cast("Any", None))


class Interface(Struct, eq=False):
    """One interface, as its package describes it.

    Attributes:
        package: the name of the generated package, where `contract.json` lies.
        fingerprint: SHA-256 over the canonical form, 32 bytes.
        topic: where the newest version is served; `also`: the other topics that servers listen on, the first of them
            for versions before the topic's `since`.
        serves: the last minor of each older major that is still spoken, ascending.
        releases: names of versions, for pins.
        parts: for each struct (argument structs included), enum and union: those parts (by wire name) that were not
            always as they are.
        gone: for each struct: what older versions have and the newest has not.
        opened: enums and unions that were closed until a version.
        fallbacks: for each enum, what readers older than a value are told instead.
        clocks: structs with a version of their own.
        refused_as: the declared error that clients raise when their pin is too old for a message.
        client_converters, server_converters: the abstract classes of the converters that the program brings; None:
            there is nothing to convert.
    """

    name: str
    package: str
    namespace: str | None
    version: Version
    exchange: str
    topic: Topic
    fingerprint: bytes
    methods: tuple[Method[Any, Any], ...]
    errors: tuple[ErrorType, ...] = ()
    events: tuple[Event[Any], ...] = ()
    also: tuple[str, ...] = ()
    serves: tuple[Version, ...] = ()
    releases: Mapping[str, Version] = field(default_factory=dict[str, Version])
    parts: Mapping[type, Mapping[str, Part]] = field(default_factory=dict[type, Mapping[str, Part]])
    gone: Mapping[type, tuple[Gone, ...]] = field(default_factory=dict[type, tuple[Gone, ...]])
    opened: Mapping[type, Since] = field(default_factory=dict[type, Since])
    fallbacks: Mapping[type, Mapping[str, str]] = field(
        default_factory=dict[type, Mapping[str, str]]
    )
    clocks: Mapping[type, Clock] = field(default_factory=dict[type, Clock])
    refused_as: type[DeclaredError] | None = None
    client_converters: type | None = None
    server_converters: type | None = None

    def __post_init__(self) -> None:
        for method in self.methods:
            method.interface = self
        for event in self.events:
            event.interface = self
