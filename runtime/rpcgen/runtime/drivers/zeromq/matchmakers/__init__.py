"""How clients learn of servers without a broker: one module a matchmaker, named like what follows `zmq+` in the URL.

Found here by that name, or else in the entry point group `rpcgen.matchmakers`. A matchmaker module has what
`MatchmakerModule` (matchmaker.py) lists. Clients ask for endpoints; servers register theirs. A matchmaker knows no
sockets of ZeroMQ's and no messages, and its methods do not wait: one that needs a network keeps what it knows up to date
in the background and answers from memory.
"""

from __future__ import annotations

import importlib
from collections.abc import Collection
from typing import TYPE_CHECKING, Final, cast

from msgspec import Struct
from rpcgen.runtime.errors import BadUrl, ConfigurationError
from rpcgen.runtime.target import Target
from rpcgen.runtime.url import TransportUrl

if TYPE_CHECKING:
    from rpcgen.runtime.drivers.zeromq.matchmaker import MatchmakerModule

#: What a server serves: exchange and topic.
Topic = tuple[str, str]

ENTRY_POINTS: Final = "rpcgen.matchmakers"

#: What a matchmaker module has.
PARTS: Final = ("Options", "matchmaker", "registration")

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

    def listed(self, topics: Collection[Topic]) -> frozenset[Topic]:
        """Those of the topics for which it is listed: what a server serves besides is not to be asked of it here."""
        return frozenset(topic for topic in topics if self.may_serve_one_of((topic,)))

    def may_serve_one_of(self, topics: Collection[Topic]) -> bool:
        """False if it certainly serves none of them."""
        serves = self.serves
        if serves is None:
            return bool(topics)
        return any(topic in serves or (ANY_EXCHANGE, topic[1]) in serves for topic in topics)


def find_matchmaker(url: TransportUrl) -> MatchmakerModule:
    """Import the matchmaker of a URL's scheme.

    Raises:
        BadUrl: there is none of that name.
        ConfigurationError: it is another distribution's, and cannot be imported or lacks something.
    """
    name = url.scheme.partition("+")[2]
    module = f"{__name__}.{name}"
    if name.isidentifier():
        try:
            return cast("MatchmakerModule", importlib.import_module(module))
        except ModuleNotFoundError as error:
            if error.name != module:  # what it needs is missing
                raise
    from rpcgen.runtime.plugins import find_plugin, plugin_names

    other = find_plugin(ENTRY_POINTS, name, PARTS)
    if other is not None:
        return _with_options(other, name)
    import pkgutil

    from rpcgen.runtime.advice import did_you_mean  # only mistakes pay for it

    own = {module.name for module in pkgutil.iter_modules(__path__)}
    known = sorted(f"zmq+{each}" for each in own | plugin_names(ENTRY_POINTS))
    if not name:
        raise BadUrl(f"{url}: no ZeroMQ matchmaker is named; known: {', '.join(known)}")
    raise BadUrl(f"{url}: no ZeroMQ matchmaker {name!r}; {did_you_mean(url.scheme, known)}")


def _with_options(found: MatchmakerModule, name: str) -> MatchmakerModule:
    """The same module; raises ConfigurationError if its options are not also those of every `zmq+...` URL."""
    from rpcgen.runtime.drivers.zeromq.options import ZmqOptions

    if not (isinstance(found.Options, type) and issubclass(found.Options, ZmqOptions)):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise ConfigurationError(
            f"the Options of matchmaker {name!r} are no subclass of ZmqOptions, and every zmq+... URL may have those options"
        )
    return found
