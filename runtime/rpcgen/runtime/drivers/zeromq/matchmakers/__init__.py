"""How clients learn of servers without a broker: one module a matchmaker, named like what follows `zmq+` in the URL.

A matchmaker module has the two functions of `MatchmakerModule`. Clients ask for endpoints; servers register theirs. A
matchmaker knows no sockets of ZeroMQ's and no messages, and its methods do not wait: one that needs a network keeps
what it knows up to date in the background and answers from memory.
"""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Sequence
from typing import Protocol, cast

from msgspec import Struct
from rpcgen.runtime.advice import did_you_mean
from rpcgen.runtime.drivers.zeromq.options import ZmqOptions
from rpcgen.runtime.errors import BadUrl
from rpcgen.runtime.target import Target
from rpcgen.runtime.url import TransportUrl

#: What a server serves: exchange and topic.
Topic = tuple[str, str]


class Endpoint(Struct, frozen=True):
    """A place where a server is, or may be.

    Attributes:
        key: what tells it from the matchmaker's others; a server that starts again may have the same or another.
        address: where to connect, in ZeroMQ's notation.
        server: its name, None if only the server itself can say.
        serves: its topics, None if only the server itself can say.
    """

    key: str
    address: str
    server: str | None = None
    serves: frozenset[Topic] | None = None

    @property
    def name(self) -> str:
        """For messages to people."""
        return self.server or self.address

    def may_serve(self, target: Target) -> bool:
        """False if it certainly does not serve the target."""
        if self.serves is not None and (target.exchange, target.topic) not in self.serves:
            return False
        return target.server is None or self.server is None or self.server == target.server


class Matchmaker(Protocol):
    """The client's side."""

    @property
    def where(self) -> str:
        """Where it looks, for messages to people."""
        ...

    def changed(self) -> bool:
        """Whether `look` may say something new; called often, so cheap."""
        ...

    def look(self) -> Sequence[Endpoint]:
        """All servers that are known now.

        Raises:
            ConfigurationError: the place cannot be trusted.
            NotSent: it cannot be read now.
        """
        ...

    def lost(self, endpoint: Endpoint) -> bool:
        """Hear that a connection was refused or broke; True if the server is gone and will not come back there."""
        ...


class Registration(Protocol):
    """The server's side: one process's entry."""

    @property
    def address(self) -> str:
        """Where to bind, in ZeroMQ's notation."""
        ...

    def announce(self) -> None:
        """Let clients find us; called once we can be connected to."""
        ...

    def withdraw(self) -> None:
        """Be found no more. Idempotent."""
        ...

    def close(self) -> None:
        """Withdraw and leave nothing behind; called after the socket was closed. Idempotent."""
        ...


class MatchmakerModule(Protocol):
    """The functions of a matchmaker module."""

    def matchmaker(self, url: TransportUrl, options: ZmqOptions) -> Matchmaker:
        """Open the client's side. Raises ConfigurationError."""
        ...

    def registration(
        self, url: TransportUrl, options: ZmqOptions, server: str, serves: Sequence[Topic]
    ) -> Registration:
        """Open the server's side; announces nothing yet. Raises ConfigurationError."""
        ...


def find_matchmaker(url: TransportUrl) -> MatchmakerModule:
    """Import the matchmaker of a URL's scheme; raises BadUrl if there is none of that name."""
    name = url.scheme.partition("+")[2]
    module = f"{__name__}.{name}"
    if name.isidentifier() and importlib.util.find_spec(module) is not None:
        return cast("MatchmakerModule", importlib.import_module(module))
    import pkgutil

    known = [f"zmq+{module.name}" for module in pkgutil.iter_modules(__path__)]
    if not name:
        raise BadUrl(f"{url}: no ZeroMQ matchmaker is named; known: {', '.join(sorted(known))}")
    raise BadUrl(f"{url}: no ZeroMQ matchmaker {name!r}; {did_you_mean(url.scheme, known)}")
