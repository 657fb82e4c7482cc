"""What servers of both worlds share: how they are made, what they serve and where."""

from __future__ import annotations

import socket
from collections.abc import Mapping, Sequence
from typing import ClassVar, Generic, Literal, TypeVar

from msgspec import Struct
from rpcgen.runtime.core.dates import dotted
from rpcgen.runtime.core.dispatch import interface_of
from rpcgen.runtime.core.handled import Handled
from rpcgen.runtime.core.serving import Serving
from rpcgen.runtime.core.settings import ServerSettings
from rpcgen.runtime.descriptor import Interface
from rpcgen.runtime.endpoint import AnyEndpoint, AsyncEndpoint
from rpcgen.runtime.errors import ConfigurationError
from rpcgen.runtime.interceptor import Interceptor
from rpcgen.runtime.introspection import Introspection
from rpcgen.runtime.life import Life, ListenerT, answer, listed
from rpcgen.runtime.opaque import OpaqueCodec
from rpcgen.runtime.store import AnyStore
from rpcgen.runtime.target import Target, check_name

EndpointT = TypeVar("EndpointT", bound=AnyEndpoint)


class BaseServer(Life[ListenerT], Generic[EndpointT, ListenerT]):
    """What a server is before it starts; `Server` and `AsyncServer` add its life."""

    #: The endpoint classes that this kind of server can run.
    WORLD: ClassVar[tuple[type[AnyEndpoint], ...]]
    #: How many handlers run at the same time unless the program says otherwise.
    CONCURRENCY: ClassVar[int]

    def __init__(
        self,
        urls: str | Sequence[str],
        *,
        endpoints: Sequence[EndpointT],
        server: str | None = None,
        executor: Literal["threads", "inline"] = "threads",
        concurrency: int | None = None,
        queue: int = 1024,
        drain_timeout: float = 30.0,
        debug: bool = False,
        introspection: bool = True,
        interceptors: Sequence[Interceptor] = (),
        codecs: Mapping[type, OpaqueCodec] | None = None,
        converters: Sequence[object] = (),
        store: AnyStore | None = None,
        exchange: str | None = None,
        topic: str | None = None,
    ) -> None:
        """Prepare a server; nothing is bound before `start()`.

        Args:
            urls: where to listen; one URL or several.
            endpoints: instances of generated endpoint classes, of any number of interfaces. An `AsyncServer` takes
                those of both worlds.
            server: the name by which clients address this one; the host's name by default.
            executor: how handlers of blocking endpoints run: `threads`, or `inline`, for handlers that never wait:
                they run on the thread that reads, or in the loop.
            concurrency: handlers that run at the same time; 64 by default, in asyncio 1,024.
            queue: requests that wait behind them before more are refused as Overloaded.
            drain_timeout: seconds that `stop()` gives running handlers.
            debug: send tracebacks to callers.
            introspection: answer `rpcgen.meta` requests that describe the interfaces.
            interceptors: hooks round every handler.
            codecs: opaque types to objects with `type`, `encode` and `decode`.
            converters: of the interfaces that have older forms, objects of their generated `...ServerConverters`.
            store: where handlers that are marked `dedup` commit what they do, together with the ids of their messages.
            exchange, topic: replace those of the interfaces.

        Raises:
            ConfigurationError: a URL, name or limit cannot be used, two endpoints claim one method, or a handler is
                marked `dedup` and there is no store for it.
        """
        settings = ServerSettings(
            concurrency=self.CONCURRENCY if concurrency is None else concurrency,
            queue=queue,
            drain_timeout=drain_timeout,
            debug=debug,
            interceptors=tuple(interceptors),
            codecs=codecs or {},
            converters=tuple(converters),
            store=store,
        )
        self.server = server or socket.gethostname()
        endpoints = listed("endpoints", endpoints)
        self._plan = plan_server(
            endpoints,
            self.server,
            world=self.WORLD,
            introspection=introspection,
            exchange=exchange,
            topic=topic,
        )
        serving = Serving(self._plan.endpoints, settings, answer)
        self._plan.meta.attach(serving, self.server)
        handled = [
            Handled(endpoint, method)
            for endpoint in endpoints
            for method in interface_of(endpoint).methods
        ]
        self._begin(urls, serving, executor, handled)

    @property
    def _summary(self) -> str:
        return f"serves {self._plan.summary}"


class ServerPlan(Struct, frozen=True):
    """What one server is going to do.

    Attributes:
        endpoints: the program's, then the built-in one.
        targets: the topics to listen on.
        kept: those of them at which messages come that are to be delivered at least once.
        ordered: those of them at which messages come that have to be handled in order.
        meta: the built-in endpoint.
    """

    endpoints: tuple[AnyEndpoint, ...]
    targets: tuple[Target, ...]
    kept: tuple[Target, ...]
    ordered: tuple[Target, ...]
    meta: Introspection

    @property
    def summary(self) -> str:
        """The interfaces and their versions, for a log line."""
        own = [interface_of(endpoint) for endpoint in self.endpoints if endpoint is not self.meta]
        return ", ".join(f"{i.name} {dotted(i.version)}" for i in own)


def plan_server(
    endpoints: Sequence[AnyEndpoint],
    server: str,
    *,
    world: tuple[type[AnyEndpoint], ...],
    introspection: bool,
    exchange: str | None,
    topic: str | None,
) -> ServerPlan:
    """Check what a server was given.

    Args:
        world: the endpoint classes that this kind of server can run.

    Raises:
        ConfigurationError: no endpoint, one of the wrong world, or a name that is not allowed.
    """
    check_name("server", server)
    if not endpoints:
        raise ConfigurationError("a server needs at least one endpoint")
    targets: dict[Target, None] = {}
    kept: dict[Target, None] = {}
    ordered: dict[Target, None] = {}
    for endpoint in endpoints:
        interface = interface_of(endpoint)
        if not isinstance(endpoint, world):
            expected = "AsyncServer" if isinstance(endpoint, AsyncEndpoint) else "Server"
            raise ConfigurationError(f"{type(endpoint).__name__} is an endpoint for {expected}")
        for name in [topic] if topic is not None else topics_of(interface):
            target = Target(exchange or interface.exchange, name)
            targets[target] = None
            if any(method.kept for method in interface.methods):
                kept[target] = None
            if any(method.order is not None for method in interface.methods):
                ordered[target] = None
    meta = Introspection(describes=introspection)
    return ServerPlan((*endpoints, meta), tuple(targets), tuple(kept), tuple(ordered), meta)


def topics_of(interface: Interface) -> list[str]:
    """All topics that messages of any version may come by, sorted."""
    own = {method.topic.name for method in interface.methods if method.topic is not None}
    return sorted({interface.topic.name, *interface.also, *own})
