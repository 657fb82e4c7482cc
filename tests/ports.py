"""Free ports for servers that tests start, stop and start again."""

from __future__ import annotations

import contextlib
import os
import random
import socket

#: Each process of pytest-xdist has ports of its own.
_PORTS = range(
    15_000 + int(os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:]),
    32_000,
    int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1")),
)

#: Whoever got one of these may not listen on it yet.
_given: set[int] = set()


def free_port() -> int:
    """A port that nobody listens on, and that the system gives to nobody who does not ask for it by number.

    Nobody here gets one twice, as long as there are others.
    """
    while True:
        port = random.choice(_PORTS)
        if port in _given:
            if len(_given) > 0.9 * len(_PORTS):
                _given.clear()
            continue
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                continue
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            _given.add(port)
            return port
