"""What servers of both worlds share: what they serve and where, and the signals that stop them."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from types import FrameType

from msgspec import Struct
from rpcgen.runtime.core.dispatch import interface_of
from rpcgen.runtime.core.versions.dates import dotted
from rpcgen.runtime.descriptor import Interface
from rpcgen.runtime.endpoint import AnyEndpoint, AsyncEndpoint
from rpcgen.runtime.errors import ConfigurationError
from rpcgen.runtime.introspection import Introspection
from rpcgen.runtime.target import Target, check_name


class ServerPlan(Struct, frozen=True):
    """What one server is going to do.

    Attributes:
        endpoints: the program's, then the built-in one.
        targets: the topics to listen on.
        kept: those of them at which messages come that are to be delivered at least once.
        meta: the built-in endpoint.
    """

    endpoints: tuple[AnyEndpoint, ...]
    targets: tuple[Target, ...]
    kept: tuple[Target, ...]
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
    world: type[AnyEndpoint] | tuple[type[AnyEndpoint], ...],
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
    meta = Introspection(describes=introspection)
    return ServerPlan((*endpoints, meta), tuple(targets), tuple(kept), meta)


def topics_of(interface: Interface) -> list[str]:
    """All topics that messages of any version may come by, sorted."""
    own = {method.topic.name for method in interface.methods if method.topic is not None}
    return sorted({interface.topic.name, *interface.also, *own})


@contextmanager
def stop_signals(handler: Callable[[int, FrameType | None], None]) -> Generator[None]:
    """Handle SIGTERM and SIGINT in a `with` block; elsewhere than on the main thread, signals are not ours to take."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, handler) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, previous in before.items():
            signal.signal(number, previous)
