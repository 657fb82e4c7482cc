"""The server's engine: one ROUTER socket and its registration. Both worlds share it.

It never waits and is not thread-safe; its FD is edge-triggered: see `engine.py`. A caller is the routing id that the
client's library made up: nobody else knows it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from time import monotonic
from typing import TYPE_CHECKING, Final

import zmq
from rpcgen.runtime.core.repeats import Repeats, more
from rpcgen.runtime.deliveries import Caller
from rpcgen.runtime.drivers.zeromq import bundles, control
from rpcgen.runtime.drivers.zeromq.door import Door
from rpcgen.runtime.drivers.zeromq.matchmaker import Registration
from rpcgen.runtime.drivers.zeromq.matchmakers import Topic
from rpcgen.runtime.drivers.zeromq.options import ZmqOptions
from rpcgen.runtime.drivers.zeromq.sockets import (
    Socket,
    bound_address,
    configure_router,
    is_readable,
    new_context,
    outlives,
)
from rpcgen.runtime.errors import ConfigurationError, TooLarge

if TYPE_CHECKING:
    from rpcgen.runtime.drivers.zeromq.guard import Guard
    from rpcgen.runtime.drivers.zeromq.keyfiles import PublicKey

log = logging.getLogger("rpcgen.zeromq")

Request = tuple[Caller, bytes]

# As plain numbers: an enum's `|` costs as much as sending.
_NOBLOCK: Final = int(zmq.NOBLOCK)
_MORE: Final = int(zmq.NOBLOCK | zmq.SNDMORE)

#: Requests taken before something else has its turn.
BATCH: Final = 64

#: Seconds that answers have to leave when a listener is closed.
LINGER: Final = 0.8

#: Seconds between two questions whether clients can find us.
ANNOUNCE_PAUSE: Final = 0.002

#: Clients that are remembered before we ask which of them are still there.
_PRUNE_AT: Final = 1024


class Binding:
    """Binds, receives, answers.

    Attributes:
        hwm: messages that may wait for one client.
        fd: readable (edge-triggered) when requests may have come.
        counters: clients, malformed, foreign, unreachable, full, too_large, refused, expelled, turned_away: HELLOs,
            frames that no client of ours would send, frames from sockets that are not ours or not any more, answers whose
            caller was gone, answers dropped at the caller's high-water mark, answers refused because of their size,
            connections refused for their key, connections ended because their key was removed, connections refused for
            want of descriptors.
    """

    def __init__(
        self, registration: Registration, options: ZmqOptions, server: str, serves: Sequence[Topic]
    ) -> None:
        """Bind, and be found.

        Raises:
            ConfigurationError: the address cannot be bound.
        """
        self.counters: dict[str, int] = dict.fromkeys(
            (
                "clients",
                "malformed",
                "foreign",
                "unreachable",
                "full",
                "too_large",
                "refused",
                "expelled",
                "turned_away",
            ),
            0,
        )
        self._registration = registration
        self._options = options
        self.hwm = options.hwm
        self._server = server
        self._serves = list(serves)
        #: Clients that said HELLO, and the keys that they have shown; empty without keys.
        self._clients: dict[bytes, PublicKey] = {}
        #: Clients whose keys were removed: those that were told to leave, and those that are heard no more.
        self._leaving: set[bytes] = set()
        self._expelled: set[bytes] = set()
        self._owed: set[bytes] = set()
        self._repeats = Repeats()
        self._prune_at = _PRUNE_AT
        self._draining = False
        try:
            self._guard = _guard(options, self.counters)
            self._context = new_context()
        except ConfigurationError:
            registration.close()
            raise
        self._door: Door | None = None
        self._socket = self._open()
        try:
            self._configure()
            self.address = self._bind()
            self._door = Door(self.address, self.counters)
            registration.announce(self.address)
        except BaseException:
            self.close()
            self.end()
            raise
        endings = self._door.close, registration.close
        outlives(self._context, self, f"a server at {self.address}", *endings)
        self.fd = self._socket.fileno()
        self._recv = self._socket.recv
        self._send: Callable[[bytes, int], object] = self._socket.send

    def _open(self) -> Socket:
        try:
            return self._context.socket(zmq.ROUTER)
        except zmq.ZMQError as error:
            self._context.term()
            raise ConfigurationError(f"cannot open a server's socket: {error.strerror}") from error

    def _configure(self) -> None:
        guard, address = self._guard, self._registration.address
        configure_router(self._socket, self._options, address, guard.secret if guard else None)
        if guard is not None:
            guard.open(self._context, self._socket)
            guard.review = self._review

    def _bind(self) -> str:
        address = self._registration.address
        try:
            self._socket.bind(address)
        except zmq.ZMQError as error:
            raise ConfigurationError(f"cannot listen on {address}: {error.strerror}") from error
        address = bound_address(self._socket)
        if self._guard is not None:
            self._guard.bound(address)
        return address

    def run_by(self, schedule: Callable[[Callable[[], None]], object]) -> None:
        """Say how what is to be done to the socket can be run, by whoever finds in another thread that it must be."""
        if self._guard is not None:
            self._guard.schedule = schedule

    def announced(self) -> bool:
        """Whether clients can find us, or cannot before long: until then a listener waits, and asks again after ANNOUNCE_PAUSE."""
        return self._registration.announced()

    # --- requests -------------------------------------------------------------------------------------------------

    def readable(self) -> bool:
        """Whether a frame waits; always right, unlike the FD."""
        return is_readable(self._socket)

    def receive(self, requests: list[Request], limit: int = BATCH) -> bool:
        """Append what came; True if there is no more, so that the FD may be waited for."""
        recv, more = self._recv, self._socket.get
        guard, clients, expelled = self._guard, self._clients, self._expelled
        try:
            for _ in range(limit):
                if len(requests) >= limit:
                    break
                # A ROUTER gives the sender's id and then what was sent: the parts of a message come together.
                caller = recv(_NOBLOCK)
                frame = recv(_NOBLOCK) if guard is None or caller in clients else guard.first()
                if more(zmq.RCVMORE):
                    self._skip()
                elif not control.is_routing_id(caller) or (expelled and caller in expelled):
                    self.counters["foreign"] += 1
                elif not frame:
                    self.counters["malformed"] += 1
                elif frame[0] != control.MARK:
                    requests.append((caller, frame))
                elif frame.startswith(bundles.HEAD):
                    self._unpack(caller, frame, requests)
                else:
                    self._heed(caller, frame)
        except zmq.ZMQError:  # Again: there is no more; any other: it was closed
            return True
        return False

    def _skip(self) -> None:
        """Pass over the rest of a message of too many parts: our clients send one."""
        self.counters["malformed"] += 1
        while True:
            self._recv(_NOBLOCK)
            if not self._socket.get(zmq.RCVMORE):
                return

    def _unpack(self, caller: bytes, message: bytes, requests: list[Request]) -> None:
        """Append the frames of a bundle."""
        try:
            requests.extend([(caller, frame) for frame in bundles.unpack(message)])
        except control.Malformed:
            self.counters["malformed"] += 1

    def _heed(self, caller: bytes, frame: bytes) -> None:
        try:
            message = control.decode(frame)
        except control.Malformed:
            self.counters["malformed"] += 1
            return
        if not isinstance(message, control.Hello):
            self.counters["malformed"] += 1
            return
        # A client of another protocol learns ours from the answer, and decides.
        if self._tell(caller, self._welcome()):
            if caller not in self._clients:
                self.counters["clients"] += 1
                self._clients[caller] = self._guard.newcomer if self._guard is not None else b""
            if len(self._clients) > self._prune_at:
                self._prune()

    def _welcome(self) -> bytes:
        return control.encode(
            control.Welcome(control.PROTOCOL, self._server, self._serves, self._draining)
        )

    def _prune(self) -> None:
        """Forget clients that are gone. ZeroMQ does not tell; that it cannot reach one, it does."""
        welcome = self._welcome()
        for client in list(self._clients):
            self._tell(client, welcome)  # forgets the unreachable
        self._prune_at = max(_PRUNE_AT, 2 * len(self._clients))

    # --- answers --------------------------------------------------------------------------------------------------

    def send(self, caller: Caller, message: bytes, answers: int = 1) -> bool:
        """Send a message with so many answers; False if the caller is gone or does not read.

        Raises TooLarge for an answer alone.
        """
        if answers == 1:  # those of a bundle were checked before, and every receiver takes a bundle
            self.check_size(message)
        assert isinstance(caller, bytes)
        try:
            self._send(caller, _MORE)
        except zmq.ZMQError as error:
            return self._send_again(caller, message, answers, error)
        self._send(message, _NOBLOCK)
        return True

    def _tell(self, client: bytes, frame: bytes) -> bool:
        """Send a control frame, which `max_message` says nothing about; False if the client is gone or does not read."""
        return self.send(client, frame, 0)

    def check_size(self, frame: bytes) -> None:
        """Raise TooLarge for a frame that may not travel."""
        if len(frame) > self._options.max_message:
            self.counters["too_large"] += 1
            raise TooLarge(
                f"the answer has {len(frame)} bytes, and max_message is {self._options.max_message}"
            )

    def _send_again(self, caller: bytes, message: bytes, answers: int, error: zmq.ZMQError) -> bool:
        if error.errno == zmq.EAGAIN:
            self.readable()  # libzmq learns here of room that its I/O thread has made
            try:
                self._send(caller, _MORE)
                self._send(message, _NOBLOCK)
                return True
            except zmq.ZMQError as again:
                error = again
        if error.errno == zmq.EAGAIN:
            self.counters["full"] += answers
            if answers:
                self._owed.add(caller)
                self._complain()
        else:
            self.counters["unreachable"] += answers
            self._clients.pop(caller, None)
            self._owed.discard(caller)
        return False

    def _complain(self) -> None:
        """Say that answers are dropped; those of callers that are gone are expected."""
        held = self._repeats.worth(monotonic(), "full")
        if held is not None:
            text = "dropped an answer: its caller does not read, and hwm=%d are waiting%s"
            log.warning(text, self.hwm, more(held))

    # --- turning out ----------------------------------------------------------------------------------------------

    def _review(self) -> bool:
        """Turn out the clients whose keys were removed; True once they are.

        First they are told to send nothing new; a period later they are heard no more.
        """
        assert self._guard is not None
        bye = control.encode(control.Bye(control.PROTOCOL))
        found = {client for client, key in self._clients.items() if self._guard.expels(key)}
        for client in found & self._leaving:
            self._expel(client)
        self._leaving = found - self._leaving
        for client in self._leaving:
            self._tell(client, bye)
        return not self._leaving

    def _expel(self, client: bytes) -> None:
        """The connection itself is the client's to close: libzmq cannot close one of a ROUTER's."""
        self._tell(client, control.encode(control.Cut(control.PROTOCOL)))
        self._clients.pop(client, None)
        self._expelled.add(client)
        self._send = self._send_unless_expelled
        self.counters["expelled"] += 1

    def _send_unless_expelled(self, part: bytes, flags: int) -> object:
        if flags == _MORE and part in self._expelled:
            raise zmq.ZMQError(zmq.EHOSTUNREACH)
        return self._socket.send(part, flags)

    # --- leaving --------------------------------------------------------------------------------------------------

    def withdraw(self) -> None:
        """Be found no more, and tell the clients, those that still come included.

        The socket stays bound: unbinding would close the connections that it has accepted.
        """
        if self._draining:
            return
        self._draining = True
        self._registration.withdraw()
        bye = control.encode(control.Bye(control.PROTOCOL))
        for client in list(self._clients):
            self._tell(client, bye)

    def close(self) -> None:
        """Close the socket; then `end` must be called, from a thread that may wait.

        Requests that were not taken by now are lost here; END tells their senders so.
        """
        self._draining = True
        self._registration.withdraw()
        end = control.encode(control.End(control.PROTOCOL))
        for client in list(self._clients):
            if (
                client not in self._owed
            ):  # END would say that a call whose answer was dropped was never run
                self._tell(client, end)
        for part in (self._door, self._guard):
            if part is not None:
                part.close()
        self._socket.close(linger=round(LINGER * 1000))

    def end(self) -> None:
        """Wait, at most LINGER, until answers have left; leave no files and no threads of libzmq's."""
        self._context.term()
        for part in (self._door, self._guard):
            if part is not None:
                part.join()
        self._registration.close()


def _guard(options: ZmqOptions, counters: dict[str, int]) -> Guard | None:
    """What a server with a key has, and pays for; None without one."""
    if options.curve_key is None:
        return None
    from rpcgen.runtime.drivers.zeromq.guard import Guard

    return Guard(options, counters)
