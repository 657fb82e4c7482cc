"""What generated code says about an interface: plain tables that the runtime reads at start.

Knows nothing of clients, servers or frames. Everything is built once, at import of a generated package, so the
constructors do no work beyond storing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar, cast

from msgspec import Struct, field
from rpcgen.runtime.errors import DeclaredError

if TYPE_CHECKING:
    from rpcgen.runtime.dated import Clock, Form, Gone, Part

Args = TypeVar("Args", bound=Struct)
Result = TypeVar("Result")
Payload = TypeVar("Payload", bound=Struct)

Kind = Literal["call", "cast"]
RouteName = Literal["any", "server", "fanout"]
Version = tuple[int, int]
Since = tuple[Version, ...]


class Nothing:
    """Stands where there is no value, because None is one."""

    def __repr__(self) -> str:
        return "NOTHING"

    def __reduce__(self) -> str:
        return "NOTHING"  # a copy is the same object


NOTHING = Nothing()


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
    releases: Mapping[str, Version] = {}
    parts: Mapping[type, Mapping[str, Part]] = {}
    gone: Mapping[type, tuple[Gone, ...]] = {}
    opened: Mapping[type, Since] = {}
    fallbacks: Mapping[type, Mapping[str, str]] = {}
    clocks: Mapping[type, Clock] = {}
    refused_as: type[DeclaredError] | None = None
    client_converters: type | None = None
    server_converters: type | None = None

    def __post_init__(self) -> None:
        for method in self.methods:
            method.interface = self
        for event in self.events:
            event.interface = self

    @property
    def has_past(self) -> bool:
        """Whether any type was another one at some version, or has versions of its own."""
        return any(self.past)

    @property
    def past(self) -> tuple[Mapping[type, object], ...]:
        """The tables of that; all are empty where nothing ever changed."""
        return self.parts, self.gone, self.opened, self.fallbacks, self.clocks
