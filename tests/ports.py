"""Free ports for servers that tests start, stop and start again."""

from __future__ import annotations

import contextlib
import random
import socket

#: Whoever got one of these may not listen on it yet.
_given: set[int] = set()


def free_port() -> int:
    """A port that nobody listens on, and that the system gives to nobody who does not ask for it by number.

    Nobody here gets one twice, as long as there are others.
    """
    while True:
        port = random.randrange(15_000, 32_000)
        if port in _given:
            if len(_given) > 15_000:
                _given.clear()
            continue
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                continue
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            _given.add(port)
            return port
