"""What a matchmaker is: both its sides, and the module that makes them. Nothing but a type checker reads it.

How the module of a URL is found is in `matchmakers/`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from rpcgen.runtime.drivers.zeromq.matchmakers import Endpoint, Topic
from rpcgen.runtime.drivers.zeromq.options import ZmqOptions
from rpcgen.runtime.url import TransportUrl


class Matchmaker(Protocol):
    """The client's side."""

    @property
    def where(self) -> str:
        """Where it looks, for messages to people."""
        ...

    def changed(self) -> bool:
        """Whether `look` may say something new; called often, so cheap."""
        ...

    def settled(self, since: float) -> bool:
        """Whether `look` knows what was so at the time `since` (monotonic), or cannot learn it soon.

        Whoever finds nobody asks this first, and again every few milliseconds until it is true, which must be within
        a second after `since`. A matchmaker that is never behind says True.
        """
        ...

    def look(self) -> Sequence[Endpoint]:
        """All servers that are known now.

        Raises:
            ConfigurationError: the place cannot be trusted.
            NotSent: it cannot be read now.
        """
        ...

    def found(self, endpoint: Endpoint) -> None:
        """Hear that a server was there: a connection is ready."""
        ...

    def lost(self, endpoint: Endpoint) -> bool:
        """Hear that a connection was refused or broke; True if the server is gone and will not come back there."""
        ...

    def close(self) -> None:
        """End what runs in the background. Idempotent; takes half a second at most."""
        ...


class Registration(Protocol):
    """The server's side: one process's entry."""

    @property
    def address(self) -> str:
        """Where to bind, in ZeroMQ's notation."""
        ...

    def announce(self, bound: str) -> None:
        """Let clients find us; called once we can be connected to, with the address that became of ours."""
        ...

    def announced(self) -> bool:
        """Whether clients can find us, or cannot before long. Asked every few milliseconds until it is true."""
        ...

    def withdraw(self) -> None:
        """Be found no more. Idempotent."""
        ...

    def close(self) -> None:
        """Withdraw and leave nothing behind; called after the socket was closed, or when its server was forgotten.

        Idempotent; half a second at most.
        """
        ...


class MatchmakerModule(Protocol):
    """What a matchmaker module has.

    Attributes:
        Options: the query of its URLs: a frozen subclass of `ZmqOptions`. Both functions get one.
    """

    Options: type[ZmqOptions]

    def matchmaker(self, url: TransportUrl, options: ZmqOptions) -> Matchmaker:
        """Open the client's side. Raises ConfigurationError."""
        ...

    def registration(
        self, url: TransportUrl, options: ZmqOptions, server: str, serves: Sequence[Topic]
    ) -> Registration:
        """Open the server's side; announces nothing yet. Raises ConfigurationError."""
        ...
