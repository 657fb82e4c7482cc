"""Who may connect: a thread that answers ZeroMQ's question about every client (ZAP, ZeroMQ RFC 27).

libzmq asks on inproc://zeromq.zap.01, once a handshake, with the client's public key, which the handshake has proved.
The socket's options make it refuse everybody if nobody answers. The thread also reads the socket's monitor, because
clients that do not get so far are seen nowhere else, and looks whether our own key has changed. It waits in libzmq, so
that it costs nothing while nobody connects, but for a few `stat` in `PERIOD`. It never touches the server's socket.
"""

from __future__ import annotations

import contextlib
import logging
import math
import threading
from collections.abc import Callable
from time import monotonic
from typing import Final

import zmq
from msgspec import Struct
from rpcgen.runtime.drivers.zeromq.curve import ServerKeys
from rpcgen.runtime.drivers.zeromq.refusals import Refusal, ServerMonitor
from rpcgen.runtime.drivers.zeromq.sockets import Context, Socket, configure_gate

log = logging.getLogger("rpcgen.zeromq")

#: Seconds between two looks at the key files.
PERIOD: Final = 1.0

#: Seconds between two lines that say the same.
SILENCE: Final = 10.0

_ENDPOINT: Final = "inproc://zeromq.zap.01"
_VERSION: Final = b"1.0"
_PARTS: Final = 7  # version, request id, domain, address, routing id, mechanism, the client's key


class Gate:
    """Lets clients in, or not, from when it is made until its context ends."""

    def __init__(
        self,
        context: Context,
        server: Socket,
        keys: ServerKeys,
        counters: dict[str, int],
        look: Callable[[], None],
    ) -> None:
        """Begin, before the server's socket is bound.

        Args:
            context: the server's.
            server: its socket; whoever closes it stops its monitor first.
            keys: whom to admit.
            counters: `refused` counts the connections that were not.
            look: called in the gate's thread every PERIOD, to see whether keys have changed.
        """
        self._counters = counters
        self._keys = keys
        self._look = look
        self._complaints: dict[Refusal, _Complaint] = {}
        self._questions = context.socket(zmq.REP)
        try:
            configure_gate(self._questions)
            self._questions.bind(_ENDPOINT)
            self.monitor = ServerMonitor(context, server)
        except zmq.ZMQError:
            self._questions.close()
            raise
        self._thread = threading.Thread(target=self._run, name="rpcgen-zeromq-zap", daemon=True)
        try:
            self._thread.start()
        except RuntimeError:
            server.monitor(None, 0)
            self.monitor.close()
            self._questions.close()
            raise

    def join(self) -> None:
        """Wait for the thread; the context has been terminated."""
        self._thread.join()

    def _run(self) -> None:
        poller = zmq.Poller()
        poller.register(self._questions, zmq.POLLIN)
        poller.register(self.monitor.socket, zmq.POLLIN)
        due = monotonic() + PERIOD
        with contextlib.suppress(zmq.ContextTerminated):
            while True:
                poller.poll(max(0, math.ceil((due - monotonic()) * 1000)))
                self._step()
                if (now := monotonic()) >= due:
                    due = now + PERIOD
                    self._tell(now)
                    self._look()
        self._questions.close()
        self.monitor.close()

    def _step(self) -> None:
        try:
            for refusal in self.monitor.refusals():
                if refusal is not Refusal.UNKNOWN:  # `_admits` has told more
                    self._complain(refusal, refusal.value)
            while self._questions.poll(0):
                self._answer()
        except zmq.ContextTerminated:
            raise
        except Exception:  # the gate must stand; who was not answered is refused
            log.exception("a connection was refused because of a mistake in rpcgen")

    # --- questions ------------------------------------------------------------------------------------------------

    def _answer(self) -> None:
        question = self._questions.recv_multipart()
        admitted = False
        try:
            admitted = self._admits(question)
        finally:  # a REP that does not answer can hear no more
            version, request = (*question, b"", b"")[:2]
            # The user's name comes with everything that the client sends: see `Guard.first`.
            answer = (
                (b"200", b"OK", question[6].hex().encode())
                if admitted
                else (b"400", b"unknown key", b"")
            )
            self._questions.send_multipart([version, request, *answer, b""])

    def _admits(self, question: list[bytes]) -> bool:
        if len(question) != _PARTS or question[0] != _VERSION or question[5] != b"CURVE":
            return False
        if self._keys.name_of(question[6]) is not None:
            return True
        who = _who(question[3])
        self._complain(Refusal.UNKNOWN, f"the key of a client {who} is not in {self._keys.where}")
        return False

    # --- telling people -------------------------------------------------------------------------------------------

    def _complain(self, kind: Refusal, why: str) -> None:
        """Log a refusal: the first of its kind at once, others as a number."""
        self._counters["refused"] += 1
        complaint = self._complaints.get(kind)
        if complaint is None:
            self._complaints[kind] = _Complaint(monotonic() + SILENCE)
            log.log(kind.level, "refused a connection: %s", why)
        else:
            complaint.more += 1
            complaint.why = why

    def _tell(self, now: float) -> None:
        """Log what was kept back."""
        for kind, complaint in list(self._complaints.items()):
            if now < complaint.silent_until:
                continue
            del self._complaints[kind]
            if complaint.more:
                self._complaints[kind] = _Complaint(now + SILENCE)
                log.log(
                    kind.level, "refused %d more connections: %s", complaint.more, complaint.why
                )


def _who(address: bytes) -> str:
    """Where a client is; ZeroMQ writes localhost:user:group:process for a Unix socket."""
    text = address.decode("ascii", "backslashreplace")
    if text.startswith("localhost:"):
        return f"in process {text.rpartition(':')[2]}"
    return f"at {text}"


class _Complaint(Struct):
    """What is to be said of refusals of one kind, and when."""

    silent_until: float
    more: int = 0
    why: str = ""
