"""What event servers of both worlds share: how they are made, and what they subscribe to."""

from __future__ import annotations

import socket
from collections.abc import Mapping, Sequence
from typing import ClassVar, Generic, Literal, TypeVar

from rpcgen.runtime.core.dates import dotted
from rpcgen.runtime.core.handled import Handled
from rpcgen.runtime.core.hearing import EVENTS, Hearing, heard_by, subscriber_interface
from rpcgen.runtime.core.occurrence import as_method
from rpcgen.runtime.core.settings import ServerSettings
from rpcgen.runtime.core.wires.wire import Wire
from rpcgen.runtime.descriptor import Interface
from rpcgen.runtime.endpoint import AnySubscriber, AsyncSubscriber
from rpcgen.runtime.errors import ConfigurationError
from rpcgen.runtime.interceptor import Interceptor
from rpcgen.runtime.life import Life, ListenerT, answer, listed
from rpcgen.runtime.opaque import OpaqueCodec
from rpcgen.runtime.store import AnyStore
from rpcgen.runtime.subscription import Heard, Subscription
from rpcgen.runtime.target import Target, check_name
from rpcgen.runtime.transport import Opened

SubscriberT = TypeVar("SubscriberT", bound=AnySubscriber)

#: How many events may wait for a handler: no limit of ours, because transports bring only as many as can be run.
_ANY = 2**31


class BaseEventServer(Life[ListenerT], Generic[SubscriberT, ListenerT]):
    """What an event server is before it starts; `EventServer` and `AsyncEventServer` add its life."""

    #: The subscriber classes that this kind can run.
    WORLD: ClassVar[tuple[type[AnySubscriber], ...]]
    #: How many handlers run at the same time unless the program says otherwise.
    CONCURRENCY: ClassVar[int] = 64

    def __init__(
        self,
        urls: str | Sequence[str],
        *,
        subscribers: Sequence[SubscriberT],
        group: str | None = None,
        server: str | None = None,
        executor: Literal["threads", "inline"] = "threads",
        concurrency: int | None = None,
        drain_timeout: float = 30.0,
        interceptors: Sequence[Interceptor] = (),
        codecs: Mapping[type, OpaqueCodec] | None = None,
        store: AnyStore | None = None,
        exchange: str | None = None,
        topic: str | None = None,
    ) -> None:
        """Prepare to hear events; nothing is subscribed to before `start()`.

        Args:
            urls: where events are published; one URL or several.
            subscribers: instances of generated subscriber classes, of any number of interfaces. An `AsyncEventServer`
                takes those of both worlds.
            group: all programs that name it share one copy of each event, and it is kept for them while none of them runs.
                Without one, this program has a copy of its own of what is published while it runs.
            server: this program's name in logs; the host's name by default.
            executor: how handlers of blocking subscribers run: `threads`, or `inline`, for handlers that never wait.
            concurrency: handlers that run at the same time, 64 by default; as many events are taken, and hardly more.
            drain_timeout: seconds that `stop()` gives running handlers.
            interceptors: hooks round every handler.
            codecs: opaque types to objects with `type`, `encode` and `decode`.
            store: where handlers that are marked `dedup` commit what they do, together with the ids of their events; for
                members of a group.
            exchange, topic: replace those of the interfaces.

        Raises:
            ConfigurationError: a URL, name or limit cannot be used, a transport has no events, or two subscribers hear one
                event.
        """
        self.server = server or socket.gethostname()
        check_name("server", self.server)
        if group is not None:
            check_name("group", group)
        settings = ServerSettings(
            concurrency=self.CONCURRENCY if concurrency is None else concurrency,
            queue=_ANY,
            drain_timeout=drain_timeout,
            interceptors=tuple(interceptors),
            codecs=codecs or {},
            store=store,
            scope=b"" if group is None else b"/" + group.encode(),
        )
        subscribers = listed("subscribers", subscribers)
        if not subscribers:
            raise ConfigurationError("an event server needs at least one subscriber")
        interfaces = [subscriber_interface(each) for each in subscribers]
        for each in subscribers:
            if not isinstance(each, self.WORLD):
                expected = (
                    "AsyncEventServer" if isinstance(each, AsyncSubscriber) else "EventServer"
                )
                raise ConfigurationError(f"{type(each).__name__} is a subscriber for {expected}")
        self._subscription = Subscription(
            tuple(
                Heard(target, interface.name, event.kept, event.order is not None, bool(event.ttl))
                for subscriber, interface in zip(subscribers, interfaces, strict=True)
                for event in heard_by(subscriber)
                for target in _targets(interface, event.name, exchange, topic)
            ),
            group,
            self.server,
            settings.concurrency,
        )
        self._heard = ", ".join(f"{each.name} {dotted(each.version)}" for each in interfaces)
        handled = [
            Handled(subscriber, as_method(event))
            for subscriber in subscribers
            for event in heard_by(subscriber)
        ]
        hearing = Hearing(subscribers, settings, answer)
        self._begin(urls, hearing, executor, handled, alone=group is None)
        for opened in self._opened:
            opened.events()

    def _wire(self, opened: Opened) -> Wire:
        return EVENTS

    @property
    def _summary(self) -> str:
        group = self._subscription.group
        return f"hears {self._heard}" + ("" if group is None else f" as one of {group}")


def _targets(
    interface: Interface, event: str, exchange: str | None, topic: str | None
) -> list[Target]:
    """Where publishers of any version publish an event."""
    topics = [topic] if topic is not None else [interface.topic.name, *interface.also]
    return [Target(exchange or interface.exchange, each, event=event) for each in topics]
