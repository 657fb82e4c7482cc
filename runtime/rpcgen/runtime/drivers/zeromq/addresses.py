"""Addresses of TCP: reading `host:port` strictly, which hosts are this one, how ZeroMQ writes them.

What is read here may come from strangers, so only what is certainly a host and a port passes. Knows no matchmaker.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Sequence
from typing import Final

from rpcgen.runtime.errors import BadUrl, ConfigurationError
from rpcgen.runtime.url import Host

_HOST: Final = re.compile(
    r"(?:\[(?P<v6>[0-9A-Fa-f:.]{2,45})\]|(?P<name>[A-Za-z0-9_](?:[A-Za-z0-9._-]{0,252})))(?::(?P<port>[0-9]{1,5}))?",
    re.ASCII,
)
_SCHEME: Final = "tcp://"

#: Hosts to listen on that mean all of this host's addresses.
WILDCARDS: Final = frozenset({"*", "0.0.0.0", "::"})


def read_host(text: str, port: int | None = None) -> Host:
    """Read `host` or `host:port`; `port` is for those that have none.

    Raises:
        ValueError: it is something else, or has no port from 1 to 65535.
    """
    match = _HOST.fullmatch(text)
    found = int(match["port"]) if match and match["port"] else port
    if match is None or found is None or not 0 < found < 65536:
        raise ValueError(f"{text[:64]!a} is not a host name and a port")
    return Host(match["v6"] or match["name"], found)


def read_address(text: str) -> Host:
    """Read `tcp://host:port`. Raises ValueError."""
    if not text.startswith(_SCHEME):
        raise ValueError(f"{text[:64]!a} is not tcp://host:port")
    return read_host(text.removeprefix(_SCHEME))


def read_bind(text: str) -> Host:
    """Read what the option `bind` says: as `read_host`, but the host may be `*` and the port 0. Raises BadUrl."""
    name, _, port = text.rpartition(":")
    if port.isascii() and port.isdigit() and int(port) == 0:
        text = f"{name}:1"
    try:
        host = read_host(f"any:{text[2:]}" if text.startswith("*:") else text)
    except ValueError as error:
        raise BadUrl(
            f"option 'bind': {error}; expected host:port, where port 0 is any free one"
        ) from error
    return Host("*" if text.startswith("*:") else host.name, int(port))


def address_of(host: Host) -> str:
    """As ZeroMQ writes it."""
    return f"{_SCHEME}{host}"


def numeric(host: Host) -> Host:
    """The host as ZeroMQ binds it: it resolves names where it connects, but not where it listens.

    Raises:
        ConfigurationError: the name cannot be resolved.
    """
    if ":" in host.name or host.name == "*":
        return host
    try:
        return Host(_resolve(host.name)[0], host.port)
    except OSError as error:
        raise ConfigurationError(f"cannot listen on {host}: {error.strerror}") from error


def is_own(host: Host) -> bool:
    """Whether this host can listen there."""
    family = socket.AF_INET6 if ":" in host.name else socket.AF_INET
    try:
        names = [host.name] if family == socket.AF_INET6 else _resolve(host.name)
        for name in names:
            with socket.socket(family, socket.SOCK_DGRAM) as probe:
                probe.bind((name, 0))
    except OSError:
        return False
    return True


def _resolve(name: str) -> list[str]:
    """The IPv4 addresses of a name: names mean nothing else, so that both sides of one agree."""
    found = socket.getaddrinfo(name, None, socket.AF_INET, socket.SOCK_STREAM)
    return [str(entry[4][0]) for entry in found]


def own_address_towards(hosts: Sequence[Host]) -> str:
    """The address from which this host reaches one of those: others that reach them can reach it, too.

    Raises:
        ConfigurationError: none can be resolved, or no way leads there.
    """
    reason = "there is none"
    for host in hosts:
        try:
            name = host.name if ":" in host.name else _resolve(host.name)[0]
            family = socket.AF_INET6 if ":" in name else socket.AF_INET
            with socket.socket(family, socket.SOCK_DGRAM) as probe:
                probe.connect((name, host.port or 1))  # sends nothing
                return str(probe.getsockname()[0])
        except OSError as error:
            reason = f"{host}: {error.strerror}"
    raise ConfigurationError(
        f"cannot tell at which address clients reach this host ({reason}); "
        "say so by the options bind=host:port and advertise=host:port"
    )
