"""The subscribers of both worlds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import inf

from rpcgen.runtime.deliveries import Caller
from rpcgen.runtime.drivers.memory.hub import HUBS, LOCK, Hub, Options, drop_if_empty, name_of
from rpcgen.runtime.inbox import Inbox, LoopInbox, ThreadInbox
from rpcgen.runtime.subscription import Subscription
from rpcgen.runtime.url import TransportUrl


class Ear:
    """The subscriber's side."""

    def __init__(
        self, url: TransportUrl, subscription: Subscription, inbox: Inbox[tuple[Caller, bytes]]
    ) -> None:
        self._name = name_of(url)
        with LOCK:
            self._hub = HUBS.setdefault(self._name, Hub())
            self._hub.hearers += 1
        self._membership = self._hub.groups.join(subscription, inbox)
        self._open = True

    def hide(self) -> None:
        """Get no more."""
        self._membership.leave()

    def leave(self) -> None:
        """Disconnect. Idempotent."""
        self.hide()
        with LOCK:
            if self._open:
                self._open = False
                self._hub.hearers -= 1
                drop_if_empty(self._name, self._hub)


class MemorySubscriber(Ear):
    """`Listener` of events."""

    unsent: Callable[[], None]

    def __init__(self, url: TransportUrl, subscription: Subscription) -> None:
        url.options(Options)
        self._events: ThreadInbox[tuple[Caller, bytes]] = ThreadInbox(inf)
        super().__init__(url, subscription, self._events)
        self.addresses: Sequence[str] = (f"memory://{self._name}",)
        self.poll = self._events.poll
        self.wake = self._events.wake
        self.withdraw = self.hide
        self.close = self.leave

    def send(self, caller: Caller, frame: bytes) -> bool:
        """Nobody waits for an answer to an event."""
        return False


class AsyncMemorySubscriber:
    """`AsyncListener` of events."""

    arrived: Callable[[Caller, bytes], None]
    unsent: Callable[[], None]

    def __init__(self, url: TransportUrl, subscription: Subscription) -> None:
        url.options(Options)
        self._url, self._subscription = url, subscription
        self._ear: Ear | None = None
        self.addresses: Sequence[str] = (f"memory://{name_of(url)}",)

    async def start(self) -> None:
        """Subscribe."""
        inbox = LoopInbox[tuple[Caller, bytes]](lambda item: self.arrived(*item), inf)
        self._ear = Ear(self._url, self._subscription, inbox)

    def send(self, caller: Caller, frame: bytes) -> bool:
        """Nobody waits for an answer to an event."""
        return False

    async def withdraw(self) -> None:
        """Get no more."""
        if self._ear is not None:
            self._ear.hide()

    async def close(self) -> None:
        """Disconnect."""
        if self._ear is not None:
            self._ear.leave()
