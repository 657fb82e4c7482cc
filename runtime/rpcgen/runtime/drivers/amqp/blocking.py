"""The two sides for threads."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from math import inf
from time import monotonic

from rpcgen.runtime.blocking.listening import DeskListener
from rpcgen.runtime.driver import Room
from rpcgen.runtime.drivers.amqp.broker import Broker
from rpcgen.runtime.drivers.amqp.courier import Courier
from rpcgen.runtime.drivers.amqp.desk import Desk
from rpcgen.runtime.errors import DeadlineExceeded, NotSent, RpcgenError
from rpcgen.runtime.inbox import ThreadInbox
from rpcgen.runtime.peers import Arrival, Outgoing, Peer
from rpcgen.runtime.target import Target


class BlockingClient:
    """A `ClientDriver`."""

    def __init__(self, broker: Broker) -> None:
        self._inbox: ThreadInbox[Arrival] = ThreadInbox(inf)
        self._changed = threading.Condition()
        self._courier = Courier(broker, self._inbox.put, self._notify)
        self.counters = self._courier.counters
        self.poll = self._inbox.poll
        self.wake = self._inbox.wake
        self.peer = self._courier.peer
        self.cancel = self._courier.cancel

    def _notify(self) -> None:
        with self._changed:
            self._changed.notify_all()

    def route(self, target: Target, timeout: float) -> Peer:
        """See `ClientDriver.route`."""
        courier = self._courier
        courier.begin()
        end = monotonic() + timeout
        with self._changed:
            while True:
                peer = courier.peer(target)
                if peer is not None:
                    return peer
                hopeless = courier.hopeless()
                if hopeless is not None:
                    raise hopeless
                left = end - monotonic()
                if left <= 0.0:
                    raise courier.unreachable()
                self._changed.wait(min(left, threading.TIMEOUT_MAX))

    def fanout(self, target: Target, timeout: float) -> tuple[Sequence[Peer], Sequence[str]]:
        """See `ClientDriver.fanout`: the broker does not say who they are."""
        return [self.route(target, timeout)], ()

    def send(self, peer: Peer, frame: bytes, message: Outgoing | None = None) -> None:
        """See `ClientDriver.send`."""
        self._courier.send(peer, frame, message)

    def post(self, peer: Peer, frame: bytes, message: Outgoing, timeout: float) -> None:
        """See `ClientDriver.post`."""
        outcome: list[RpcgenError | None] = []
        told = threading.Event()

        def settled(error: RpcgenError | None) -> None:
            outcome.append(error)
            told.set()

        parcel = self._courier.post(peer, frame, message, settled)
        if parcel is None:
            return
        if not told.wait(min(timeout, threading.TIMEOUT_MAX)):
            if self._courier.withdraw(parcel):
                raise NotSent(f"{peer.name}: it could not leave in time")
            raise DeadlineExceeded(f"{peer.name}: the broker has not confirmed it in time")
        if (error := outcome[0]) is not None:
            raise error

    def close(self) -> None:
        """See `ClientDriver.close`."""
        self._courier.close()
        self._notify()
        self._inbox.wake()


class BlockingListener(DeskListener):
    """A `Listener`."""

    def __init__(self, broker: Broker, targets: Sequence[Target], server: str, room: Room) -> None:
        super().__init__(
            broker.text, lambda take, unsent: Desk(broker, targets, server, room, take, unsent)
        )
