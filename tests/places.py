"""Where the programs of a test meet: a fresh place for each test, all with the same face.

Drivers and matchmakers of other distributions are held to the same suites: `RPCGEN_PLACE=module:Class` names a `Place` of
theirs, and the suites run over it alone. Knows no transport.
"""

from __future__ import annotations

import importlib
import os
from pathlib import Path


class Place:
    """A transport of a test's own.

    Attributes:
        client: the clients' URL.
        moves: of a matchmaker, whether a server that starts again may be at another address.
        knows_names: of a matchmaker, whether it knows itself what the servers are called, and what they serve.
        forgets: of a matchmaker, within how many seconds it finds out for itself that a server was killed; None if never.
        events: of a driver, whether it has any.
        keeps: of a driver, whether it delivers at least once what is to be.
    """

    client: str
    moves = True
    knows_names = True
    forgets: float | None = None
    events = False
    keeps = False

    def __init__(self, directory: Path) -> None:
        """Make a place.

        Args:
            directory: an empty one with a short path, for whatever is needed there; removed after the test.
        """

    def server(self, name: str) -> str:
        """The URL of a server that starts; where there are ports, a new one."""
        return self.client


def others() -> type[Place] | None:
    """The place that `RPCGEN_PLACE` names, if it does."""
    named = os.environ.get("RPCGEN_PLACE")
    if not named:
        return None
    module, _, name = named.partition(":")
    found: type[Place] = getattr(importlib.import_module(module), name)
    return found
