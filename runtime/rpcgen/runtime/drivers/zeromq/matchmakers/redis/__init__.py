"""`zmq+redis://user:password@host:6379/0`: servers renew a registration in redis, clients keep a copy of all of them.

Redis is asked in the background alone, by one thread for each client and each server: no call waits for it, and while
it is away, what was known counts. PROTOCOL.md, section 5, has the keys and the record. The parts:

    records.py     what a server says of itself, read strictly
    store.py       the commands; the only module that knows the library
    cache.py       what a client knows, and until when; no I/O
    worker.py      the thread
    directory.py   the client's side
    entry.py       the server's side
"""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from typing import TYPE_CHECKING

from rpcgen.runtime.drivers.zeromq.addresses import WILDCARDS, WILDCARDS_V4, read_bind, read_host
from rpcgen.runtime.drivers.zeromq.hosts import own_address_towards
from rpcgen.runtime.drivers.zeromq.matchmakers import Topic
from rpcgen.runtime.drivers.zeromq.options import ZmqOptions
from rpcgen.runtime.errors import BadUrl, ConfigurationError
from rpcgen.runtime.url import Host, TransportUrl, check_bounds

if TYPE_CHECKING:
    from rpcgen.runtime.drivers.zeromq.matchmakers.redis.directory import Directory
    from rpcgen.runtime.drivers.zeromq.matchmakers.redis.entry import Entry
    from rpcgen.runtime.drivers.zeromq.matchmakers.redis.store import Store

_PORT = 6379
_SENTINEL_PORT = 26379


class Options(ZmqOptions, frozen=True):
    """The query of a `zmq+redis` URL.

    Attributes:
        bind: `host:port` on which a server listens; else the address from which it reaches redis, and any free port.
        advertise: `host` or `host:port` to which clients connect, where that is not where the server listens.
        ttl: seconds after which the registration of a server that was killed is gone; renewed three times as often.
        tls: encrypt the connection to redis, and check its certificate.
        ca: file of the certificates that may have signed it; the system's if there is none.
        sentinel: name of the primary of which the URL's hosts, which are sentinels then, know the address.
        sentinel_auth: whether the sentinels, too, want the URL's user and password.
    """

    bind: str | None = None
    advertise: str | None = None
    ttl: float = 6.0
    tls: bool = False
    ca: str | None = None
    sentinel: str | None = None
    sentinel_auth: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        check_bounds(self, {"ttl": (1, 600)})
        if self.ca is not None and not self.tls:
            raise BadUrl("option 'ca' needs tls=1")


def matchmaker(url: TransportUrl, options: Options) -> Directory:
    """See `MatchmakerModule`. Redis need not be there yet."""
    _check_library(url)
    from rpcgen.runtime.drivers.zeromq.matchmakers.redis.directory import Directory

    return Directory(_store(url, options))


def registration(
    url: TransportUrl, options: Options, server: str, serves: Sequence[Topic]
) -> Entry:
    """See `MatchmakerModule`. Redis need not be there yet."""
    _check_library(url)
    from rpcgen.runtime.drivers.zeromq.matchmakers.redis.entry import Entry

    if options.advertise is not None:
        _check_advertised(options.advertise)
    store = _store(url, options)
    bind = Host("", 0) if options.bind is None else read_bind(options.bind)
    needs_address = not bind.name or (bind.name in WILDCARDS and options.advertise is None)
    own = own_address_towards(_hosts(url, options)) if needs_address else ""
    if ":" in own and bind.name in WILDCARDS_V4:
        raise ConfigurationError(
            f"{url}: redis is reached by IPv6, and a server that listens on {bind} by IPv4 alone; "
            "say bind=[::]:0, or where clients reach it by the option advertise=host"
        )
    return Entry(
        store,
        server,
        serves,
        bind=Host(bind.name or own, bind.port),
        advertise=options.advertise or (str(Host(own)) if bind.name in WILDCARDS else None),
        ttl=options.ttl,
    )


def _check_advertised(text: str) -> None:
    """Raise BadUrl for what is no place to connect to."""
    try:
        name = read_host(text, 1).name
    except ValueError as error:
        raise BadUrl(f"option 'advertise': {error}; expected host or host:port") from error
    if name in WILDCARDS:
        raise BadUrl(
            f"option 'advertise': {name} is where a server listens, and clients cannot reach it there; "
            "expected host or host:port"
        )


def _check_library(url: TransportUrl) -> None:
    if importlib.util.find_spec("redis") is None:
        raise ConfigurationError(f"{url}: the library redis is missing; install rpcgen[redis]")


def _store(url: TransportUrl, options: Options) -> Store:
    from rpcgen.runtime.drivers.zeromq.matchmakers.redis.store import Store

    return Store(_hosts(url, options), _database(url), url.username, url.password, options)


def _hosts(url: TransportUrl, options: Options) -> tuple[Host, ...]:
    if not url.hosts or not all(host.name for host in url.hosts):
        raise BadUrl(f"{url}: expected zmq+redis://host:6379/0")
    url.check_hosts()
    if len(url.hosts) > 1 and options.sentinel is None:
        raise BadUrl(f"{url}: several hosts are sentinels; say of what by the option sentinel=name")
    port = _PORT if options.sentinel is None else _SENTINEL_PORT
    return tuple(Host(host.name, port if host.port is None else host.port) for host in url.hosts)


def _database(url: TransportUrl) -> int:
    text = url.path.removeprefix("/") or "0"
    if not (text.isascii() and text.isdigit() and len(text) < 6):
        raise BadUrl(f"{url}: {text[:64]!r} is no number of a database")
    return int(text)
