"""Asking all running servers for their versions, for blocking clients with pin `auto`.

The questions are asked on threads of their own: a client that knows something goes on with that, and one that knows
nothing yet waits as long as its caller would.
"""

from __future__ import annotations

import logging
import threading
import time
from typing import TYPE_CHECKING

from rpcgen.runtime.core.call import Settings
from rpcgen.runtime.core.fleet import Fleet
from rpcgen.runtime.core.polling import DISCOVERY_TIMEOUT, PATIENCE, UNHEARD, Poll, spoken
from rpcgen.runtime.descriptor import Version
from rpcgen.runtime.errors import AuthError, ConfigurationError, NotSent, RpcgenError
from rpcgen.runtime.peers import Found

if TYPE_CHECKING:
    from rpcgen.runtime.transports import BlockingTransport

log = logging.getLogger("rpcgen.client")

#: Servers that are asked at the same time.
THREADS = 16


def learn(
    fleet: Fleet,
    transport: BlockingTransport,
    settings: Settings,
    patience: float,
    *,
    anew: bool = False,
) -> None:
    """Make sure that something is known; ask again, beside the callers, when that is due.

    Args:
        patience: seconds to wait for what is not known.
        anew: wait for a round that is under way or due, also if something is known.

    Raises:
        NotSent: nothing is known, and the servers did not answer in time.
        AuthError: they refused us.
        ConfigurationError: the transport cannot be used.
    """
    round_: Round | None = fleet.round
    if round_ is None:
        if not fleet.due(time.monotonic()):
            return
        round_ = fleet.round = Round(fleet, transport, settings)
        round_.start()
    if fleet.learned and not anew:
        return
    if not round_.done.wait(min(patience, PATIENCE)) and not fleet.learned:
        raise NotSent(UNHEARD)
    if not fleet.learned:
        if isinstance(round_.error, AuthError | ConfigurationError):
            raise round_.error
        raise NotSent(f"{UNHEARD}: {round_.error}") from round_.error


class Round:
    """One time of asking all servers."""

    def __init__(self, fleet: Fleet, transport: BlockingTransport, settings: Settings) -> None:
        self._fleet = fleet
        self._transport = transport
        self._poll = Poll(fleet.interface, settings)
        self._lock = threading.Lock()
        self._waiting: list[Found] = []
        self._heard: dict[str, tuple[Version, ...] | None] = {}
        self.done = threading.Event()
        self.error: Exception | None = None

    def start(self) -> None:
        """Begin, on a thread that does not keep the process alive."""
        try:
            _thread(self._run).start()
        except RuntimeError as error:  # no more threads, or the interpreter is about to end
            self._end(error)

    def _run(self) -> None:
        try:
            self._waiting = self._poll.concerned(self._transport.discover(DISCOVERY_TIMEOUT))
            self._heard = dict.fromkeys(found.server for found in self._waiting)
            threads = [_thread(self._ask) for _ in range(min(THREADS, len(self._waiting)))]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            self._fleet.learn(self._heard, time.monotonic())
        except Exception as error:
            self._end(error)
        else:
            self._end(None)

    def _ask(self) -> None:
        while True:
            with self._lock:
                if not self._waiting:
                    return
                found = self._waiting.pop()
            call = self._poll.question(found, time.monotonic())
            try:
                self._transport.call(call)
                answer = spoken(self._fleet.interface, call.plan.outcome(call))
            except RpcgenError:  # gone, or too busy to say: believed to be as it was
                answer = None
            self._heard[found.server] = answer

    def _end(self, error: Exception | None) -> None:
        self.error = error
        if error is not None and self._fleet.learned:
            log.warning("could not ask the servers for their versions: %s", error)
            self._fleet.keep(time.monotonic())
        self._fleet.round = None
        self.done.set()


def _thread(target: object) -> threading.Thread:
    return threading.Thread(target=target, name="rpcgen-fleet", daemon=True)  # type: ignore[arg-type]
