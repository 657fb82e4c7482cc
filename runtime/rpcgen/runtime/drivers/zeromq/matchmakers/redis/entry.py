"""The server's side: a registration that a thread renews until the server withdraws."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from time import monotonic
from typing import Final

from rpcgen.runtime.drivers.zeromq.addresses import address_of, read_address, read_host
from rpcgen.runtime.drivers.zeromq.hosts import numeric
from rpcgen.runtime.drivers.zeromq.matchmakers import Topic
from rpcgen.runtime.drivers.zeromq.matchmakers.redis import records
from rpcgen.runtime.drivers.zeromq.matchmakers.redis.store import Away, Store
from rpcgen.runtime.drivers.zeromq.matchmakers.redis.worker import Worker, warn
from rpcgen.runtime.url import Host

log = logging.getLogger("rpcgen.zeromq")

#: Seconds after which a renewal that failed is tried again.
_RETRY: Final = 0.5

#: Seconds that a server that starts waits until it is registered.
_PATIENCE: Final = 1.5

_IDLE: Final = 3600.0


class Entry:
    """A `Registration`."""

    def __init__(
        self,
        store: Store,
        server: str,
        serves: Sequence[Topic],
        *,
        bind: Host,
        advertise: str | None,
        ttl: float,
    ) -> None:
        self.address = address_of(numeric(bind))
        self._store = store
        self._server = server
        self._serves = tuple(serves)
        self._advertise = advertise
        self._ttl = ttl
        self._name = records.new_id()
        self._record = b""
        self._worker = Worker("rpcgen-redis-server", self._step, store.close)
        self._started = 0.0
        self._is_away = False
        self._is_settled = False
        self._is_leaving = False
        self._has_left = False

    def announce(self, bound: str) -> None:
        """Begin to register."""
        if self._advertise is not None:
            bound = address_of(read_host(self._advertise, read_address(bound).port))
        self._record = records.encode(bound, self._server, self._serves)
        self._started = monotonic()
        self._worker.start()

    def announced(self) -> bool:
        """Whether the first attempt has ended, or takes too long; the log says if it failed."""
        return self._is_settled or monotonic() - self._started > _PATIENCE

    def withdraw(self) -> None:
        """Let the thread say that we have left."""
        self._is_leaving = True
        self._worker.poke()

    def close(self) -> None:
        """Withdraw, and end the thread; what redis could not be told it finds out by the time to live."""
        self.withdraw()
        self._worker.stop()

    def _step(self) -> float:
        if self._has_left or (self._worker.stopping and self._is_away):
            return _IDLE
        leaves = self._is_leaving
        try:
            if leaves:
                self._store.leave(self._name, self._ttl)
            else:
                self._store.renew(self._name, self._record, self._ttl)
        except Away as away:
            warn(self._store.where, f"cannot register {self._server}: {away}")
            self._is_away = True
        else:
            self._has_left = leaves
            if self._is_away:
                log.info("%s answers again", self._store.where)
            self._is_away = False
        self._is_settled = True
        if self._is_away:
            return _RETRY
        return _IDLE if self._has_left else self._ttl / 3
