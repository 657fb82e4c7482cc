"""How clients learn of servers without a broker: one module a matchmaker, named like what follows `zmq+` in the URL.

Found here by that name, or else in the entry point group `rpcgen.matchmakers`. A matchmaker module has what `MatchmakerModule` lists. Clients ask for endpoints; servers register theirs. A
matchmaker knows no sockets of ZeroMQ's and no messages, and its methods do not wait: one that needs a network keeps
what it knows up to date in the background and answers from memory.
"""

from __future__ import annotations

import importlib
from collections.abc import Collection, Sequence
from typing import Final, Protocol, cast

from msgspec import Struct
from rpcgen.runtime.drivers.zeromq.options import ZmqOptions
from rpcgen.runtime.errors import BadUrl
from rpcgen.runtime.target import Target
from rpcgen.runtime.url import TransportUrl

#: What a server serves: exchange and topic.
Topic = tuple[str, str]

ENTRY_POINTS: Final = "rpcgen.matchmakers"

#: In `Endpoint.serves`, in place of an exchange's name: every exchange.
ANY_EXCHANGE: Final = "*"


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
        if not self.may_serve_one_of(((target.exchange, target.topic),)):
            return False
        return target.server is None or self.server is None or self.server == target.server

    def may_serve_one_of(self, topics: Collection[Topic]) -> bool:
        """False if it certainly serves none of them."""
        serves = self.serves
        if serves is None:
            return bool(topics)
        return any(topic in serves or (ANY_EXCHANGE, topic[1]) in serves for topic in topics)


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
        """Withdraw and leave nothing behind; called after the socket was closed. Idempotent; half a second at most."""
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


def find_matchmaker(url: TransportUrl) -> MatchmakerModule:
    """Import the matchmaker of a URL's scheme; raises BadUrl if there is none of that name."""
    name = url.scheme.partition("+")[2]
    module = f"{__name__}.{name}"
    if name.isidentifier():
        try:
            return cast("MatchmakerModule", importlib.import_module(module))
        except ModuleNotFoundError as error:
            if error.name != module:  # what it needs is missing
                raise
    import pkgutil
    from importlib.metadata import entry_points

    from rpcgen.runtime.advice import did_you_mean  # only mistakes pay for it

    others = entry_points(group=ENTRY_POINTS)
    for entry_point in others.select(name=name):
        return cast("MatchmakerModule", entry_point.load())
    own = {module.name for module in pkgutil.iter_modules(__path__)}
    known = sorted(f"zmq+{each}" for each in own | others.names)
    if not name:
        raise BadUrl(f"{url}: no ZeroMQ matchmaker is named; known: {', '.join(known)}")
    raise BadUrl(f"{url}: no ZeroMQ matchmaker {name!r}; {did_you_mean(url.scheme, known)}")
