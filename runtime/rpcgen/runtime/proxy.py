"""What generated clients of both worlds share: construction, `prepare()`, and the plan of each method."""

from __future__ import annotations

import time
import warnings
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Self, TypeVar, cast

from msgspec import Struct, structs
from rpcgen.runtime.context import current_context
from rpcgen.runtime.core.call import (
    DEFAULT_TIMEOUT,
    Call,
    Options,
    Profile,
    Router,
    Settings,
    new_call,
)
from rpcgen.runtime.core.opaque import OpaqueCodecs
from rpcgen.runtime.core.pins import Pin, Shape, Shapes, Speaks
from rpcgen.runtime.core.plan import Plan, check_brought
from rpcgen.runtime.descriptor import Interface, Kind, Method
from rpcgen.runtime.descriptors import explained
from rpcgen.runtime.errors import ConfigurationError, NotSent, VersionPinned
from rpcgen.runtime.peers import Peer

if TYPE_CHECKING:
    from rpcgen.runtime.core.wires.wire import Wire
    from rpcgen.runtime.interceptor import Interceptor
    from rpcgen.runtime.opaque import OpaqueCodec
    from rpcgen.runtime.transports import BlockingTransport, CoroutineTransport, World

TransportT = TypeVar("TransportT", "BlockingTransport", "CoroutineTransport")


class Sent(Struct, frozen=True):
    """What became of a cast: the message's id, who was sent it, and who of a fanout could not be reached."""

    id: bytes
    peers: tuple[str, ...]
    refused: tuple[str, ...] = ()


class Fanout:
    """A fanout on its way to its peers, one after the other."""

    __slots__ = ("_call", "_reached", "_refused", "_why", "frame")

    def __init__(self, call: Call, frame: bytes, unreachable: Sequence[str]) -> None:
        self._call = call
        self.frame = frame
        self._reached: list[str] = []
        self._refused = list(unreachable)
        self._why: NotSent | None = None

    @contextmanager
    def to(self, peer: Peer) -> Generator[None]:
        """Note what becomes of the copy that is sent in the `with` block."""
        try:
            yield
        except NotSent as error:
            self._refused.append(peer.name)
            self._why = error
        else:
            self._reached.append(peer.name)

    def sent(self) -> Sent:
        """Who got it; raises NotSent if nobody did."""
        call = self._call
        if not self._reached:
            names, why = ", ".join(self._refused), "" if self._why is None else f": {self._why}"
            text = f"{call.method}: none of the servers took it ({names}){why}"
            raise NotSent(text) from self._why
        return Sent(call.id, tuple(self._reached), tuple(self._refused))


class Proxy(Generic[TransportT]):
    """The part of a client that has no I/O. Slots only: `prepare()` makes a copy for every use."""

    __slots__ = (
        "_interceptors",
        "_options",
        "_owns_transport",
        "_settings",
        "_speaks",
        "_transport",
    )

    _interface: ClassVar[Interface]
    _world: ClassVar[World]

    def __init__(
        self,
        transport: str | TransportT,
        *,
        pin: Pin = None,
        timeout: float | None = None,
        profiles: Mapping[str, Profile] | None = None,
        codecs: Mapping[type, OpaqueCodec] | None = None,
        converters: object = None,
        routers: Mapping[str, Router] | None = None,
        interceptors: Sequence[Interceptor] = (),
        exchange: str | None = None,
        topic: str | None = None,
        refuse_lost_casts: bool = True,
    ) -> None:
        """Open a client.

        Args:
            transport: a URL, or a transport to share with other clients (this client then does not close it).
            pin: the version that its messages are written for, while older servers run: a version ("6.2"), the name of a
                release, `auto` (what all running servers understand), `env:VARIABLE`, or a function that returns one of
                these; it is asked once, here.
            timeout: seconds that a call waits where its method says nothing; 60 by default, `inf` for ever.
            profiles: named timeouts; what is not given is `long`: 1800 s with a sign of life every 20 s.
            codecs: opaque types to objects with `type`, `encode` and `decode`.
            converters: of an interface that has older forms, an object of its generated `...ClientConverters`.
            routers: the functions that the interface names as `router`.
            interceptors: hooks round every message.
            exchange, topic: replace the interface's own.
            refuse_lost_casts: with pin `auto`, refuse a cast that some running server would not understand, because
                nobody would hear of it. False sends it as if there were no pin.

        Raises:
            ConfigurationError: the URL or another argument cannot be used.
        """
        interface = self._interface
        shapes = Shapes(interface, refuse_lost_casts=refuse_lost_casts)
        self._speaks = Speaks(shapes).pinned(pin)
        self._settings = Settings(
            timeout=check_timeout(timeout),
            profiles={**Settings().profiles, **(profiles or {})},
            codecs=OpaqueCodecs(codecs),
            exchange=exchange,
            topic=topic,
            routers=routers or {},
            converters=converters,
        )
        check_brought(interface, self._settings)
        if any(method.idempotent for method in interface.methods):
            # Now, not with the first call of one: then there may be no file to open.
            from rpcgen.runtime.core import retries  # noqa: F401  # pyright: ignore[reportUnusedImport]
        self._owns_transport = isinstance(transport, str)
        self._transport: TransportT = (
            self._open(transport) if isinstance(transport, str) else transport
        )
        self._settings = structs.replace(self._settings, wire=wire_of(self._transport, self._world))
        self._interceptors = tuple(interceptors)
        self._options = Options()

    def _open(self, url: str) -> TransportT:
        raise AssertionError("unexpected use of a client without a world")

    def prepare(
        self,
        *,
        server: str | None = None,
        fanout: bool | None = None,
        timeout: float | None = None,
        context: Mapping[str, Any] | None = None,
        pin: Pin = None,
        transport: TransportT | None = None,
    ) -> Self:
        """A client like this one that sends elsewhere or waits differently; cheap, and shares everything.

        Args:
            server: the one server that gets the messages. None means not given.
            fanout: True sends casts to every server.
            timeout: seconds; `inf` waits for ever.
            context: values that the handlers can read as `ctx.fields`, added to those around the call.
            pin: the version that messages are written for. None means not given.
            transport: another way to the servers, for fleets that are divided; whoever made it closes it.

        Raises:
            ConfigurationError: the timeout is negative or no number, the pin is unknown, or the transport is none.
        """
        options = self._options
        if server is not None:
            options = structs.replace(options, server=server)
        if fanout is not None:
            options = structs.replace(options, fanout=fanout)
        if timeout is not None:
            options = structs.replace(options, timeout=check_timeout(timeout))
        if context is not None:
            options = structs.replace(options, fields={**options.fields, **context})
        other = object.__new__(type(self))
        other._transport = self._transport
        other._owns_transport = False
        other._settings = self._settings
        other._interceptors = self._interceptors
        other._speaks = self._speaks if pin is None else self._speaks.pinned(pin)
        other._options = options
        if transport is not None:
            other._move_to(transport)
        return other

    def _move_to(self, transport: TransportT) -> None:
        """Send by another transport: what was worked out stays, unless it depends on the servers or the encoding."""
        wire = wire_of(transport, self._world)
        self._transport = transport
        if wire is not self._settings.wire or self._speaks.auto:
            self._settings = structs.replace(self._settings, wire=wire)
            self._speaks = self._speaks.elsewhere()

    @property
    def version(self) -> tuple[int, int] | None:
        """The (major, minor) version that messages are written for; None if the pin's major is not spoken.

        With pin `auto`: as far as it is known now.
        """
        return self._speaks.shape.version

    def _new_call(
        self,
        method: Method[Any, Any],
        kind: Kind,
        arguments: Any,
        gone: Mapping[str, Any] | None,
        begun: float | None = None,
    ) -> Call:
        """The message of a call or cast; raises what keeps it from being written.

        Args:
            begun: when the caller began to wait (monotonic seconds); None: now.
        """
        shape = self._speaks.shape
        now = time.monotonic() if begun is None else begun
        try:
            try:
                plan = shape.plans.get(method) or self._new_plan(method, shape)
                return new_call(plan, kind, arguments, gone, self._options, current_context(), now)
            except VersionPinned:
                newest = self._speaks.for_lost_casts
                if newest is None or kind == "call":
                    raise
            plan = newest.plans.get(method) or self._new_plan(method, newest)
            return new_call(plan, kind, arguments, gone, self._options, current_context(), now)
        except OSError as error:  # what few messages need is loaded with the first of them
            raise NotSent(f"{method.name}: {explained(error)}") from error

    def _new_plan(self, method: Method[Any, Any], shape: Shape) -> Plan:
        if method.deprecated is not None:
            warnings.warn(
                f"{method.interface.name}.{method.name} is deprecated: {method.deprecated}",
                DeprecationWarning,
                stacklevel=5,  # generated method, _call or _cast, _new_call, this
            )
        plan = shape.plans[method] = Plan(method, self._settings, shape)
        return plan

    def _patience(self) -> float:
        """Seconds that a caller would wait for what has to be known before its message can be written."""
        timeout = self._options.timeout
        if timeout is None:
            timeout = self._settings.timeout
        ambient = current_context()
        remaining = None if ambient is None else ambient.remaining()
        return min(
            DEFAULT_TIMEOUT if timeout is None else timeout,
            DEFAULT_TIMEOUT if remaining is None else remaining,
        )

    def _understands(self, method: Method[Any, Any], arguments: Sequence[str]) -> bool:
        from rpcgen.runtime.core.questions import understands

        version, converters = self._speaks.shape.version, self._settings.converters
        return understands(version, method, arguments, converters)

    def _method_named(self, name: str) -> Method[Any, Any]:
        from rpcgen.runtime.core.questions import method_named

        return method_named(self._interface, name)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._interface.name} over {self._transport!r}>"


def wire_of(transport: BlockingTransport | CoroutineTransport, world: World) -> Wire:
    """What messages look like there; raises ConfigurationError for what is no transport, or one of the other world."""
    wire: Wire | None = getattr(transport, "wire", None)  # callers without a type checker
    other = "asyncio" if world == "blocking" else "blocking"
    if wire is not None and getattr(transport, "world", world) != other:
        return wire
    # A URL may have a password: its text is not shown.
    found = type(transport).__name__
    expected = "a Transport" if world == "blocking" else "an AsyncTransport"
    raise ConfigurationError(
        f"transport is of type {found}, expected {expected}, or, to make a client, a URL"
    )


def check_timeout(timeout: float | None) -> float | None:
    """The timeout, if it is one (seconds, at least 0, `inf` allowed); raises ConfigurationError."""
    if timeout is None:
        return None
    given = cast("object", timeout)  # callers without a type checker
    if (
        isinstance(given, bool) or not isinstance(given, (int, float)) or not given >= 0.0
    ):  # nor NaN
        raise ConfigurationError(
            f"timeout is {given!r}, expected seconds, 0 or more (inf: wait for ever)"
        )
    return float(given)
