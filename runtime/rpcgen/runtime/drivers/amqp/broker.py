"""The broker that a URL names: hosts, virtual host, who we are, and how the connection is encrypted. Does no I/O but
reading certificates."""

from __future__ import annotations

import os
import socket
import sys

from msgspec import Struct
from rpcgen.runtime.advice import did_you_mean
from rpcgen.runtime.drivers.amqp.options import AmqpOptions
from rpcgen.runtime.drivers.amqp.oslo.options import OsloOptions
from rpcgen.runtime.drivers.amqp.tls import Certificates
from rpcgen.runtime.errors import BadUrl
from rpcgen.runtime.url import Host, TransportUrl

_TLS = "amqps"
SCHEMES = ("amqp", _TLS, "rabbit")
_PORTS = {False: 5672, True: 5671}

#: Octets that the name of a virtual host may have in AMQP.
_MAX_VHOST = 255


class Broker(Struct, frozen=True):
    """Where to connect, and as whom. Its `repr` shows no password.

    Attributes:
        text: the URL without its password, for messages.
        hosts: at least one; each has its port.
        certificates: of TLS; None for a plain connection.
    """

    text: str
    hosts: tuple[Host, ...]
    vhost: str
    username: str
    password: str
    options: AmqpOptions
    certificates: Certificates | None = None

    def __repr__(self) -> str:
        return f"<Broker {self.text}>"

    def server_name(self, host: Host) -> str | None:
        """The name that the certificate has to be for; None for a plain connection."""
        return None if self.certificates is None else host.name

    def connection_name(self, role: str) -> str:
        """What the broker lists one of our connections as."""
        own = self.options.name or os.path.basename(sys.argv[0] or "python")
        return f"{own} {role} ({socket.gethostname()}:{os.getpid()})"


def read_broker(url: TransportUrl) -> Broker:
    """What a URL says.

    Raises:
        BadUrl: it cannot be used.
    """
    if url.scheme not in SCHEMES:
        raise BadUrl(f"{url}: no transport {url.scheme!r}; {did_you_mean(url.scheme, SCHEMES)}")
    oslo = dict(url.params).get("wire") == "oslo"
    options = url.options(OsloOptions if oslo else AmqpOptions)
    tls = url.scheme == _TLS
    given = [name for name in ("ca", "cert", "key") if getattr(options, name) is not None]
    if given and not tls:
        raise BadUrl(f"{url}: option {given[0]!r} is for amqps:// alone")
    vhost = url.path[1:] or "/"
    if (octets := len(vhost.encode())) > _MAX_VHOST:
        raise BadUrl(
            f"{url.scheme} URL: the virtual host {vhost[:32]!r}... has {octets} octets; AMQP allows {_MAX_VHOST}"
        )
    url.check_hosts()
    hosts = url.hosts or (Host("localhost"),)
    return Broker(
        text=str(url),
        hosts=tuple(Host(host.name, host.port or _PORTS[tls]) for host in hosts),
        vhost=vhost,
        username="guest" if url.username is None else url.username,
        password="guest" if url.username is None else url.password or "",
        options=options,
        certificates=_certificates(url, options) if tls else None,
    )


def _certificates(url: TransportUrl, options: AmqpOptions) -> Certificates:
    try:
        return Certificates(options)
    except OSError as error:  # ssl.SSLError is one
        files = ", ".join(name for name in (options.ca, options.cert, options.key) if name)
        raise BadUrl(f"{url}: the certificates cannot be used ({files}): {error}") from error
