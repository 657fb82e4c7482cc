"""Addresses of TCP: reading `host:port` strictly, and how ZeroMQ writes them.

What is read here may come from strangers, so only what is certainly a host and a port passes. Knows no matchmaker, and
nothing of what a name means: that is in `hosts.py`.
"""

from __future__ import annotations

import re
from typing import Final

from rpcgen.runtime.errors import BadUrl
from rpcgen.runtime.url import Host, check_host_name

#: Compiled when first used, by `re`, which keeps it: most clients read no address but their URL's.
_HOST: Final = r"(?:\[(?P<v6>[0-9A-Fa-f:.]{2,45})\]|(?P<name>[A-Za-z0-9_](?:[A-Za-z0-9._-]{0,252})))(?::(?P<port>[0-9]{1,5}))?"
_SCHEME: Final = "tcp://"

#: Hosts to listen on that mean all of this host's addresses.
WILDCARDS_V4: Final = frozenset({"*", "0.0.0.0"})
WILDCARDS: Final = WILDCARDS_V4 | {"::"}


def read_host(text: str, port: int | None = None) -> Host:
    """Read `host` or `host:port`; `port` is for those that have none.

    Raises:
        ValueError: it is something else, has a name that no host can have, or no port from 1 to 65535.
    """
    match = re.fullmatch(_HOST, text, re.ASCII)
    found = int(match["port"]) if match and match["port"] else port
    if match is None or found is None or not 0 < found < 65536:
        raise ValueError(f"{text[:64]!a} is not a host name and a port")
    name = match["v6"] or match["name"]
    check_host_name(name)
    return Host(name, found)


def read_address(text: str) -> Host:
    """Read `tcp://host:port`. Raises ValueError."""
    if not text.startswith(_SCHEME):
        raise ValueError(f"{text[:64]!a} is not tcp://host:port")
    return read_host(text.removeprefix(_SCHEME))


def read_bind(text: str) -> Host:
    """Read what the option `bind` says: as `read_host`, but the host may be `*` and the port 0. Raises BadUrl."""
    name, _, port = text.rpartition(":")
    if 0 < len(port) < 6 and not port.strip("0"):
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
