"""The client's side: a copy of the registrations, kept up to date by a thread, for as long as redis answers."""

from __future__ import annotations

import logging
import math
from collections import deque
from collections.abc import Sequence
from time import monotonic
from typing import Final

from rpcgen.runtime.drivers.zeromq.matchmakers import Endpoint
from rpcgen.runtime.drivers.zeromq.matchmakers.redis.cache import Cache
from rpcgen.runtime.drivers.zeromq.matchmakers.redis.store import Away, Store
from rpcgen.runtime.drivers.zeromq.matchmakers.redis.worker import Worker, warn
from rpcgen.runtime.errors import AuthError, NotSent

log = logging.getLogger("rpcgen.zeromq")

#: Seconds between two looks at redis while nobody misses anything, and after one that failed.
_POLL: Final = 0.9
_RETRY: Final = 0.5

#: Seconds that a search waits for redis.
_PATIENCE: Final = 0.8


class Directory:
    """A `Matchmaker`. One thread writes its attributes, whole values at a time; others read them."""

    def __init__(self, store: Store) -> None:
        self.where = store.where
        self._store = store
        self._cache = Cache()
        #: Endpoints, and whether they were lost: filled by whoever connects, emptied by the thread.
        self._heard: deque[tuple[str, bool]] = deque()
        self._worker = Worker("rpcgen-redis-client", self._step, store.close)
        self._started = math.inf
        self._asked = -math.inf  # when the last look that has ended began
        self._problem: NotSent | None = None
        # Redis has let a search wait for too long, which is a problem before it is `Away`.
        self._is_silent = False
        self._endpoints: tuple[Endpoint, ...] = ()
        self._seen: tuple[Endpoint, ...] = ()

    def changed(self) -> bool:
        """Whether the copy is another than the last `look` returned."""
        self._start()
        return self._endpoints is not self._seen

    def settled(self, since: float) -> bool:
        """Whether the copy is that new; if not, redis is asked now, and a second time nobody waits for it."""
        self._start()
        if self._asked >= since or self._problem is not None:
            self._is_silent = False
            return True
        self._worker.poke()
        self._is_silent = monotonic() - max(since, self._started) > _PATIENCE
        return self._is_silent

    def look(self) -> Sequence[Endpoint]:
        """The copy; raises what redis's problem is if there is nothing in it."""
        self._start()
        self._seen = self._endpoints
        problem = self._problem
        if problem is None and self._is_silent:
            problem = NotSent(
                f"cannot look for servers in {self.where}: no answer within {_PATIENCE:g} s"
            )
        if problem is not None and not self._seen:
            raise problem
        return self._seen

    def found(self, endpoint: Endpoint) -> None:
        """Remember that it lives, for the time when it cannot renew."""
        self._heard.append((endpoint.key, False))

    def lost(self, endpoint: Endpoint) -> bool:
        """Never for good, as long as it is registered; but it may have moved."""
        self._heard.append((endpoint.key, True))
        self._worker.poke()
        return False

    def close(self) -> None:
        """End the thread."""
        self._worker.stop()

    def _start(self) -> None:
        if self._started == math.inf:
            self._started = monotonic()
            self._worker.start()

    def _step(self) -> float:
        if self._worker.stopping:
            return 0.0
        began = monotonic()
        for _ in range(len(self._heard)):
            self._cache.hear(*self._heard.popleft())
        try:
            endpoints = self._load()
        except Away as away:
            text = f"cannot look for servers in {self.where}: {away}"
            warn(self.where, f"cannot look for servers, what was known still counts: {away}")
            self._problem = AuthError(text) if away.denied else NotSent(text)
        else:
            if self._problem is not None:
                log.info("%s answers again", self.where)
            if endpoints != self._endpoints:
                self._endpoints = endpoints
            self._problem = None
        self._asked = began
        return _POLL if self._problem is None else _RETRY

    def _load(self) -> tuple[Endpoint, ...]:
        listing = self._store.listing()
        wanted = self._cache.wanted(listing)
        contents = self._store.read(wanted) if wanted else {}
        endpoints = self._cache.update(
            listing, contents, monotonic(), was_away=self._problem is not None
        )
        for name, error in self._cache.ignored.items():
            warn(f"registrations in {self.where}", f"ignored {name}, which {error}")
        return endpoints
