"""Hosts of TCP: what their names mean, and which of them are this one. Asks the system; knows no matchmaker.

For servers: a client leaves names to libzmq, and does not pay for the module socket.
"""

from __future__ import annotations

import socket
from collections.abc import Sequence

from rpcgen.runtime.errors import ConfigurationError
from rpcgen.runtime.url import Host


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
    """The IPv4 addresses of a name: names mean nothing else, so that both sides of one agree. Raises OSError."""
    try:
        found = socket.getaddrinfo(name, None, socket.AF_INET, socket.SOCK_STREAM)
    except UnicodeError as error:  # it has no form in ASCII, so nobody has it
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known") from error
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
