"""A server in the test's own process, which keeps what its program saw."""

from __future__ import annotations

import threading

from rpcgen.runtime.drivers import zeromq
from rpcgen.runtime.peers import Caller
from rpcgen.runtime.url import parse_url

from tests.runtime.drivers.zeromq.parts import TOPIC


class Served:
    """A listener, and a thread that sends every frame back."""

    def __init__(self, url: str) -> None:
        self.listener = zeromq.listen(parse_url(url), [TOPIC], "s1")
        self.seen: list[bytes] = []
        self.callers: set[Caller] = set()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        while not self._stopped.is_set():
            for caller, frame in self.listener.poll(None):
                self.seen.append(frame)
                self.callers.add(caller)
                self.listener.send(caller, frame)

    def close(self) -> None:
        self._stopped.set()
        self.listener.wake()
        self._thread.join()
        self.listener.close()
