"""`zmq+ring:///etc/ring.json`: a file lists the servers of every topic, and may be replaced at any time.

The file says who is a server, so nobody who is not trusted may write it. A reader never sees half of it as a change:
what cannot be read leaves what was known. Who is at an address, each server says itself.
"""

from __future__ import annotations

import json
import logging
import os
import stat
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, cast

from rpcgen.runtime.core.words import kind_of
from rpcgen.runtime.drivers.zeromq.addresses import address_of, read_bind, read_host
from rpcgen.runtime.drivers.zeromq.matchmakers import ANY_EXCHANGE, Endpoint, Topic
from rpcgen.runtime.drivers.zeromq.matchmakers.tcp import StaticRegistration
from rpcgen.runtime.drivers.zeromq.mistakes import Mistakes
from rpcgen.runtime.drivers.zeromq.options import ZmqOptions
from rpcgen.runtime.errors import BadUrl, ConfigurationError, InvalidTarget
from rpcgen.runtime.target import check_name
from rpcgen.runtime.url import Host, TransportUrl, check_bounds

log = logging.getLogger("rpcgen.zeromq")

MAX_BYTES: Final = 1024 * 1024
MAX_HOSTS: Final = 4096

#: A file changed twice within one tick of the file system's clock may look unchanged; only a change older than this
#: can be told from the next.
_CLOCK_TICK_NS: Final = 50_000_000

_State = tuple[int, ...]
_UNREAD: Final = (-1,)
_MISSING: Final = ()


class Options(ZmqOptions, frozen=True):
    """The query of a `zmq+ring` URL.

    Attributes:
        bind: `host:port` on which a server listens where that is not its only entry of this host.
        port: of the entries that name a host alone.
        allow_writable: trust a file that everybody can write.
    """

    bind: str | None = None
    port: int = 9501
    allow_writable: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        check_bounds(self, {"port": (1, 65535)})


class _Object(list[tuple[str, object]]):
    """An object of JSON as it is written: a name may come twice."""


class BadRing(ValueError):
    """A file that says nothing, or cannot be trusted."""


class Ring:
    """The client's side."""

    def __init__(self, path: str, options: Options) -> None:
        """Read the file for the first time.

        Raises:
            ConfigurationError: it cannot be used.
        """
        self.where = path
        self._options = options
        self._seen: _State = _UNREAD
        self._complained: _State = _UNREAD
        state = _state(path)
        try:
            self._endpoints = _endpoints(read(path, options))
        except BadRing as error:
            raise ConfigurationError(f"{path} {error}") from error
        self._saw(state)

    def changed(self) -> bool:
        """One `stat`."""
        return _state(self.where) != self._seen

    def settled(self, since: float) -> bool:
        """Always: the file is at hand."""
        return True

    def look(self) -> Sequence[Endpoint]:
        """Read the file if it has changed."""
        state = _state(self.where)
        if state == self._seen:
            return self._endpoints
        try:
            self._endpoints = _endpoints(read(self.where, self._options))
        except BadRing as error:
            if state != self._complained:
                self._complained = state
                log.warning("%s %s; what it said before still counts", self.where, error)
            # What keeps us from reading it may pass, and the file stays as it is.
            if state and isinstance(error.__cause__, OSError):
                return self._endpoints
        else:
            self._complained = _UNREAD
        self._saw(state)
        return self._endpoints

    def _saw(self, state: _State) -> None:
        """Remember the state from before we read: what changed while we did is seen by the next `changed`."""
        is_past = not state or time.time_ns() - state[-1] > _CLOCK_TICK_NS
        self._seen = state if is_past else _UNREAD

    def found(self, endpoint: Endpoint) -> None:
        """Nothing to do."""

    def lost(self, endpoint: Endpoint) -> bool:
        """Never for good: it stands in the file."""
        return False

    def close(self) -> None:
        """Nothing to do."""


def matchmaker(url: TransportUrl, options: Options) -> Ring:
    """See `MatchmakerModule`. The file must be there and in order."""
    return Ring(_path(url), options)


def registration(
    url: TransportUrl, options: Options, server: str, serves: Sequence[Topic]
) -> StaticRegistration:
    """See `MatchmakerModule`. Listens on `bind`, or else where the file has a server of its topics on this host."""
    path = _path(url)
    if options.bind is not None:
        return StaticRegistration(read_bind(options.bind))
    from rpcgen.runtime.drivers.zeromq.hosts import is_own  # clients do not pay for it

    try:
        ring = read(path, options)
    except BadRing as error:
        raise ConfigurationError(f"{path} {error}") from error
    own = [
        host
        for host, listed in ring.items()
        if any(topic in listed or (ANY_EXCHANGE, topic[1]) in listed for topic in serves)
        and is_own(host)
    ]
    if len(own) != 1:
        raise ConfigurationError(
            f"{path} has {len(own)} addresses of this host for {serves[0][0]}/{serves[0][1]}, "
            "and a server listens on one; say which by the option bind=host:port"
        )
    return StaticRegistration(own[0])


def read(path: str, options: Options) -> dict[Host, frozenset[Topic]]:
    """What the file says: for each host its topics, those of any exchange with ANY_EXCHANGE.

    Raises:
        BadRing: it cannot be read or trusted, or says something else; the error reads on from the path.
    """
    try:
        content = _content(path, options)
    except OSError as error:
        raise BadRing(f"cannot be read: {error.strerror}") from error
    try:
        entries: object = json.loads(content.decode(), object_pairs_hook=_Object, parse_int=float)
    except RecursionError as error:
        raise BadRing("is nested too deep") from error
    except ValueError as error:  # UnicodeDecodeError, too
        raise BadRing(f"is not JSON: {error}") from error
    if not isinstance(entries, _Object):
        raise BadRing(f"is {_kind(entries)}, expected an object of topics and lists of their hosts")
    topics = _topics(entries, options.port)
    if len(topics) > MAX_HOSTS:
        raise BadRing(f"has more than {MAX_HOSTS} hosts")
    return {host: frozenset(listed) for host, listed in topics.items()}


def _topics(entries: _Object, port: int) -> Mapping[Host, set[Topic]]:
    """The topics of each host; raises BadRing, with all that is wrong."""
    topics: defaultdict[Host, set[Topic]] = defaultdict(set)
    names: set[str] = set()
    mistakes = Mistakes()
    for name, listed in entries:
        where = f"at {name[:64]!a}"
        if name in names:  # one of the lists would count: half of the servers would be gone
            mistakes.add(f"{where}: comes twice, and a topic has one list of all its hosts")
        names.add(name)
        topic: Topic | None = None
        try:
            topic = _topic(name)
        except InvalidTarget as error:
            mistakes.add(f"{where}: {error}")
        for host in _hosts(listed, port):
            if isinstance(host, str):
                mistakes.add(f"{where}: {host}")
            elif topic is not None:
                topics[host].add(topic)
            if mistakes.enough:
                break
        if mistakes.enough:
            break
    if mistakes:
        raise BadRing(f"is wrong {mistakes}")
    return topics


def _content(path: str, options: Options) -> bytes:
    # Symbolic links are followed, as deployments that swap whole directories need; what is checked is what is read.
    fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with open(fd, "rb") as file:
        mode = os.fstat(fd).st_mode
        if not stat.S_ISREG(mode):
            raise BadRing("is not a regular file")
        if mode & stat.S_IWOTH and not options.allow_writable:
            raise BadRing(
                f"can be written by everybody (mode {stat.S_IMODE(mode):04o}), "
                "and who writes there decides who is a server (option allow_writable=1)"
            )
        content = file.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise BadRing(f"is larger than {MAX_BYTES} bytes")
    return content


def _topic(name: str) -> Topic:
    """`exchange/topic`, or `topic` of any exchange. Raises InvalidTarget."""
    exchange, slash, topic = name.rpartition("/")
    if slash:
        check_name("exchange", exchange)
    check_name("topic", topic)
    return (exchange if slash else ANY_EXCHANGE, topic)


def _hosts(listed: object, port: int) -> Iterator[Host | str]:
    """The servers of a topic; for each that is none, what is wrong."""
    if not isinstance(listed, list) or isinstance(listed, _Object):
        yield f"expected a list of hosts, found {_kind(listed)}"
        return
    for each in cast("list[object]", listed):
        if not isinstance(each, str):
            yield f"expected a host as text, found {_kind(each)}"
            continue
        try:
            yield read_host(each, port)
        except ValueError as error:
            yield str(error)


def _kind(value: object) -> str:
    if isinstance(value, _Object):
        return "an object"
    return "a number" if isinstance(value, float) else kind_of(value)


def _endpoints(ring: dict[Host, frozenset[Topic]]) -> tuple[Endpoint, ...]:
    return tuple(
        Endpoint(str(host), address_of(host), serves=topics) for host, topics in ring.items()
    )


def _path(url: TransportUrl) -> str:
    if url.hosts or not url.path.startswith("/") or "\0" in url.path:
        raise BadUrl(f"{url}: expected zmq+ring:///absolute/file.json, with three slashes")
    return url.path


def _state(path: str) -> _State:
    try:
        status = os.stat(path)
    except OSError:
        return _MISSING
    return (status.st_dev, status.st_ino, status.st_size, status.st_mode, status.st_ctime_ns)
