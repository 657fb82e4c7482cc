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

Kind = Literal["call", "cast"]
RouteName = Literal["any", "server", "fanout"]
Version = tuple[int, int]
Since = tuple[Version, ...]


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
    """One way in which a method may be sent; `since` holds at most one version per major."""

    kind: Kind
    to: RouteName
    since: Since = ()


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
        topic: replaces the interface's topic.
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
    topic: str | None = None
    since: Since = ()
    deprecated: str | None = None
    #: Set by the interface that it belongs to.
    interface: Interface = field(default=cast("Any", None))


class Event(Struct, eq=False):
    """An event type that can be published: `name` travels, `payload` is its struct."""

    name: str
    payload: type[Struct]
    priority: str = "info"
    since: Since = ()


class Interface(Struct, eq=False):
    """One interface, as its package describes it.

    Attributes:
        package: the name of the generated package, where `contract.json` lies.
        dated: for each struct (argument structs included), enum or union with newer parts: wire name -> since.
        fingerprint: SHA-256 over the canonical form, 32 bytes.
    """

    name: str
    package: str
    namespace: str | None
    version: Version
    exchange: str
    topic: str
    fingerprint: bytes
    methods: tuple[Method[Any, Any], ...]
    errors: tuple[ErrorType, ...] = ()
    events: tuple[Event, ...] = ()
    dated: Mapping[type, Mapping[str, Since]] = field(
        default_factory=dict[type, Mapping[str, Since]]
    )

    def __post_init__(self) -> None:
        for method in self.methods:
            method.interface = self
