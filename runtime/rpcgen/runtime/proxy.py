"""What generated clients of both worlds share: construction, `prepare()`, and the plan of each method."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Self, TypeVar, cast

from msgspec import Struct, structs
from rpcgen.runtime.core.call import Call, Options, Plan, Profile, Settings
from rpcgen.runtime.core.opaque import OpaqueCodec, OpaqueCodecs
from rpcgen.runtime.descriptor import Interface, Method
from rpcgen.runtime.errors import ConfigurationError, NotSent
from rpcgen.runtime.interceptor import Interceptor
from rpcgen.runtime.peers import Peer

if TYPE_CHECKING:
    from rpcgen.runtime.transports import BlockingTransport, CoroutineTransport

TransportT = TypeVar("TransportT", "BlockingTransport", "CoroutineTransport")


class Sent(Struct, frozen=True):
    """What became of a cast: the message's id, who was sent it, and who of a fanout could not be reached."""

    id: bytes
    peers: tuple[str, ...]
    refused: tuple[str, ...] = ()


def hand_out(
    call: Call,
    frame: bytes,
    send: Callable[[Peer, bytes], None],
    peers: Sequence[Peer],
    refused: list[str],
) -> Sent:
    """Send a cast's frame to each peer, and say who got it; raises NotSent if nobody did."""
    reached: list[str] = []
    for peer in peers:
        try:
            send(peer, frame)
            reached.append(peer.name)
        except NotSent:
            if not call.target.fanout:
                raise
            refused.append(peer.name)
    if not reached:
        raise NotSent(f"{call.method}: none of the servers took it ({', '.join(refused)})")
    return Sent(call.id, tuple(reached), tuple(refused))


class Proxy(Generic[TransportT]):
    """The part of a client that has no I/O. Slots only: `prepare()` makes a copy for every use."""

    __slots__ = (
        "_interceptors",
        "_options",
        "_owns_transport",
        "_plans",
        "_settings",
        "_transport",
    )

    _interface: ClassVar[Interface]

    def __init__(
        self,
        transport: str | TransportT,
        *,
        timeout: float | None = None,
        profiles: Mapping[str, Profile] | None = None,
        codecs: Mapping[type, OpaqueCodec] | None = None,
        interceptors: Sequence[Interceptor] = (),
        exchange: str | None = None,
        topic: str | None = None,
    ) -> None:
        """Open a client.

        Args:
            transport: a URL, or a transport to share with other clients (this client then does not close it).
            timeout: seconds that a call waits where its method says nothing; 60 by default, `inf` for ever.
            profiles: named timeouts; what is not given is `long`: 1800 s with a sign of life every 20 s.
            codecs: opaque types to objects with `type`, `encode` and `decode`.
            interceptors: hooks round every message.
            exchange, topic: replace the interface's own.

        Raises:
            ConfigurationError: the URL or another argument cannot be used.
        """
        self._owns_transport = isinstance(transport, str)
        self._transport: TransportT = (
            self._open(transport) if isinstance(transport, str) else transport
        )
        self._settings = Settings(
            timeout=check_timeout(timeout),
            profiles={**Settings().profiles, **(profiles or {})},
            codec=self._transport.codec,
            codecs=OpaqueCodecs(codecs),
            exchange=exchange,
            topic=topic,
        )
        self._interceptors = tuple(interceptors)
        self._options = Options()
        self._plans: dict[Method[Any, Any], Plan] = {}

    def _open(self, url: str) -> TransportT:
        raise AssertionError("unexpected use of a client without a world")

    def prepare(
        self,
        *,
        server: str | None = None,
        fanout: bool | None = None,
        timeout: float | None = None,
        context: Mapping[str, Any] | None = None,
    ) -> Self:
        """A client like this one that sends elsewhere or waits differently; cheap, and shares everything.

        Args:
            server: the one server that gets the messages. None means not given.
            fanout: True sends casts to every server.
            timeout: seconds; `inf` waits for ever.
            context: values that the handlers can read as `ctx.fields`, added to those around the call.

        Raises:
            ConfigurationError: the timeout is negative or no number.
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
        other._plans = self._plans
        other._options = options
        return other

    def _plan(self, method: Method[Any, Any]) -> Plan:
        plan = self._plans.get(method)
        if plan is None:
            if method.deprecated is not None:
                warnings.warn(
                    f"{method.interface.name}.{method.name} is deprecated: {method.deprecated}",
                    DeprecationWarning,
                    stacklevel=4,
                )
            plan = self._plans[method] = Plan(method, self._settings)
        return plan

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._interface.name} over {self._transport!r}>"


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
