"""`zmq+tcp://host:port,host:port`: the URL lists the servers; who is there, and what it serves, each says itself."""

from __future__ import annotations

from collections.abc import Sequence

from rpcgen.runtime.drivers.zeromq.addresses import address_of, read_bind
from rpcgen.runtime.drivers.zeromq.matchmakers import Endpoint, Topic
from rpcgen.runtime.drivers.zeromq.options import ZmqOptions
from rpcgen.runtime.errors import BadUrl
from rpcgen.runtime.url import Host, TransportUrl


class Options(ZmqOptions, frozen=True):
    """The query of a `zmq+tcp` URL.

    Attributes:
        bind: `host:port` on which a server listens where that is not the URL's only address.
    """

    bind: str | None = None


class StaticList:
    """The hosts of a URL; they never change, so a host that is lost is waited for."""

    def __init__(self, hosts: Sequence[Host]) -> None:
        self._endpoints = tuple(Endpoint(str(host), address_of(host)) for host in hosts)
        self.where = f"zmq+tcp://{','.join(map(str, hosts))}"

    def changed(self) -> bool:
        """Never."""
        return False

    def settled(self, since: float) -> bool:
        """Always."""
        return True

    def look(self) -> Sequence[Endpoint]:
        """One endpoint for each host."""
        return self._endpoints

    def found(self, endpoint: Endpoint) -> None:
        """Nothing to do."""

    def lost(self, endpoint: Endpoint) -> bool:
        """Never for good."""
        return False

    def close(self) -> None:
        """Nothing to do."""


class StaticRegistration:
    """A server's place in a list: whoever reads the list knows it already."""

    def __init__(self, host: Host) -> None:
        from rpcgen.runtime.drivers.zeromq.hosts import numeric  # clients do not pay for it

        self.address = address_of(numeric(host))

    def announce(self, bound: str) -> None:
        """Nothing to do: clients connect when it listens."""

    def announced(self) -> bool:
        """Always."""
        return True

    def withdraw(self) -> None:
        """Nothing to do: clients are refused once it no longer listens."""

    def close(self) -> None:
        """Nothing to do."""


def matchmaker(url: TransportUrl, options: Options) -> StaticList:
    """See `MatchmakerModule`."""
    hosts = _hosts(url)
    for host in hosts:
        if host.port == 0:
            raise BadUrl(
                f"{url}: {str(host)!r} is no address to connect to; expected a port from 1 to 65535"
            )
    return StaticList(hosts)


def registration(
    url: TransportUrl, options: Options, server: str, serves: Sequence[Topic]
) -> StaticRegistration:
    """See `MatchmakerModule`.

    Listens on `bind`, or else on the URL's only host. Port 0 means any free one.
    """
    if options.bind is not None:
        return StaticRegistration(read_bind(options.bind))
    hosts = _hosts(url)
    if len(hosts) != 1:
        raise BadUrl(
            f"{url}: {len(hosts)} addresses, and a server listens on one; "
            "say which by the option bind=host:port"
        )
    return StaticRegistration(hosts[0])


def _hosts(url: TransportUrl) -> tuple[Host, ...]:
    if not url.hosts or url.path not in ("", "/"):
        raise BadUrl(f"{url}: expected zmq+tcp://host:port,host:port")
    for host in url.hosts:
        if host.port is None or not host.name:
            raise BadUrl(f"{url}: {str(host)!r} is not a host name and a port")
    url.check_hosts()
    if len(set(url.hosts)) != len(url.hosts):
        raise BadUrl(f"{url}: an address is given twice")
    return url.hosts
