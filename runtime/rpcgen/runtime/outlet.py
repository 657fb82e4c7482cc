"""What generated publishers of both worlds share: construction, `prepare()`, and the plan of each event."""

from __future__ import annotations

import time
import warnings
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Self, TypeVar

from msgspec import Struct, field, structs
from rpcgen.runtime.context import current_context
from rpcgen.runtime.core.call import Settings
from rpcgen.runtime.core.opaque import OpaqueCodecs
from rpcgen.runtime.core.pins import AUTO, Pin, Shape, resolve
from rpcgen.runtime.core.publishing import EventPlan, Publication, new_publication
from rpcgen.runtime.descriptor import Event, Interface
from rpcgen.runtime.errors import ConfigurationError
from rpcgen.runtime.interceptor import Interceptor
from rpcgen.runtime.opaque import OpaqueCodec
from rpcgen.runtime.proxy import check_timeout, wire_of
from rpcgen.runtime.transport import find_driver

if TYPE_CHECKING:
    from rpcgen.runtime.transports import BlockingTransport, CoroutineTransport, World

TransportT = TypeVar("TransportT", "BlockingTransport", "CoroutineTransport")

#: Characters that the name of a source may have (PROTOCOL.md 3.8).
_MAX_SOURCE = 1024


def _check_source(source: object) -> None:
    if not isinstance(source, str):
        raise ConfigurationError(f"source is {type(source).__name__}, expected text")
    if len(source) > _MAX_SOURCE:
        raise ConfigurationError(
            f"source has {len(source)} characters, expected {_MAX_SOURCE} at most"
        )
    try:
        source.encode()
    except UnicodeEncodeError as error:  # a lone surrogate
        raise ConfigurationError(f"source {source[:64]!a} cannot travel") from error


class _Options(Struct, frozen=True):
    """What `prepare()` says."""

    required: bool = False
    timeout: float | None = None
    fields: Mapping[str, Any] = field(default_factory=dict[str, Any])


class Outlet(Generic[TransportT]):
    """The part of a publisher that has no I/O. Slots only: `prepare()` makes a copy for every use."""

    __slots__ = (
        "_interceptors",
        "_options",
        "_owns_transport",
        "_plans",
        "_settings",
        "_shape",
        "_source",
        "_transport",
    )

    _interface: ClassVar[Interface]
    _world: ClassVar[World]

    def __init__(
        self,
        transport: str | TransportT,
        *,
        source: str = "",
        pin: Pin = None,
        timeout: float | None = None,
        codecs: Mapping[type, OpaqueCodec] | None = None,
        interceptors: Sequence[Interceptor] = (),
        exchange: str | None = None,
        topic: str | None = None,
    ) -> None:
        """Open a publisher.

        Args:
            transport: a URL, or a transport to share with clients and other publishers (it is then not closed by this one).
            source: who publishes, in words that subscribers understand: `compute.host1`.
            pin: the version that events are written for, while subscribers of an older major run: a version ("6.2"), the
                name of a release, `env:VARIABLE`, or a function that returns one of these; it is asked once, here.
            timeout: seconds that publishing may take; 60 by default.
            codecs: opaque types to objects with `type`, `encode` and `decode`.
            interceptors: hooks round every event.
            exchange, topic: replace the interface's own.

        Raises:
            ConfigurationError: the URL or another argument cannot be used, or the transport has no events.
        """
        _check_source(source)
        version = resolve(pin, self._interface)
        if version == AUTO:
            raise ConfigurationError(
                "pin is 'auto', and nobody knows the subscribers of an event; name the version"
            )
        self._source = source
        self._shape = Shape(self._interface, version)
        settings = Settings(
            timeout=check_timeout(timeout),
            codecs=OpaqueCodecs(codecs),
            exchange=exchange,
            topic=topic,
        )
        self._owns_transport = isinstance(transport, str)
        if isinstance(transport, str):
            find_driver(transport).events()
            self._transport: TransportT = self._open(transport)
        else:
            self._transport = transport
        wire = wire_of(self._transport, self._world)
        if not self._owns_transport:
            self._transport.check_events()
        self._settings = structs.replace(settings, wire=wire)
        self._plans: dict[Event[Any], EventPlan] = {}
        self._interceptors = tuple(interceptors)
        self._options = _Options()

    def _open(self, url: str) -> TransportT:
        raise AssertionError("unexpected use of a publisher without a world")

    def prepare(
        self,
        *,
        require_route: bool | None = None,
        timeout: float | None = None,
        context: Mapping[str, Any] | None = None,
    ) -> Self:
        """A publisher like this one that publishes differently; cheap, and shares everything.

        Args:
            require_route: True raises Undeliverable for an event that nobody subscribes to. None means not given.
            timeout: seconds; `inf` waits for ever.
            context: values that subscribers can read as `ctx.fields`, added to those around the publication.

        Raises:
            ConfigurationError: the timeout is negative or no number.
        """
        options = self._options
        if require_route is not None:
            options = structs.replace(options, required=require_route)
        if timeout is not None:
            options = structs.replace(options, timeout=check_timeout(timeout))
        if context is not None:
            options = structs.replace(options, fields={**options.fields, **context})
        other = object.__new__(type(self))
        for name in Outlet.__slots__:
            setattr(other, name, getattr(self, name))
        other._owns_transport = False
        other._options = options
        return other

    @property
    def version(self) -> tuple[int, int] | None:
        """The (major, minor) version that events are written for; None if the pin's major is not spoken."""
        return self._shape.version

    def _new_publication(self, event: Event[Any], payload: Any) -> Publication:
        """The message of an event; raises what keeps it from being written."""
        options = self._options
        return new_publication(
            self._plans.get(event) or self._new_plan(event),
            payload,
            source=self._source,
            required=options.required,
            timeout=options.timeout,
            fields=options.fields,
            ambient=current_context(),
            now=time.monotonic(),
            date=datetime.now(UTC),
        )

    def _new_plan(self, event: Event[Any]) -> EventPlan:
        if event.deprecated is not None:
            name = f"{event.interface.name}.{event.name}"
            warnings.warn(
                f"{name} is deprecated: {event.deprecated}", DeprecationWarning, stacklevel=5
            )
        plan = self._plans[event] = EventPlan(event, self._settings, self._shape)
        return plan

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._interface.name} over {self._transport!r}>"
