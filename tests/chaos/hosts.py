"""Two hosts and the wire between them: network namespaces of the tests' own, and what can happen to the wire.

Needs root, the programs `ip`, `ss` and `nft`, and a kernel that lets us; elsewhere the rows that use it are skipped, and
counted. Where CI is set and root may, a missing program is a failure. Knows no server and no client.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count

import pytest

from tests.chaos.surroundings import Surroundings

PROGRAMS = ("ip", "ss", "nft")
#: Addresses inside the namespaces, which nobody else sees.
CLIENTS, SERVERS = "10.77.0.1", "10.77.0.2"

_numbers = count(1)


class Network:
    """A host for clients, one for servers, and faults of what connects them."""

    def __init__(self, clients: str, servers: str) -> None:
        self._clients = clients
        self._servers = servers
        self.clients = Surroundings(("ip", "netns", "exec", clients))
        self.servers = Surroundings(("ip", "netns", "exec", servers))

    def drop(self, port: int, *, towards_server: bool = True, towards_client: bool = True) -> None:
        """From now on nothing passes to, or from, a port of the servers' host; nobody is told."""
        if towards_server:
            self._rule("in", f"iifname eth0 tcp dport {port} drop")
        if towards_client:
            self._rule("out", f"oifname eth0 tcp sport {port} drop")

    def lose(self, percent: int) -> None:
        """Lose so much of all packets, in both directions."""
        for chain, device in (("in", "iifname eth0"), ("out", "oifname eth0")):
            self._rule(chain, f"{device} numgen random mod 100 < {percent} drop")

    def heal(self) -> None:
        """Let everything pass."""
        for chain in ("in", "out"):
            _run("ip", "netns", "exec", self._servers, "nft", "flush", "chain", "inet", "t", chain)

    def dropped(self) -> int:
        """Packets that the rules have dropped so far."""
        listed = _run("ip", "netns", "exec", self._servers, "nft", "list", "table", "inet", "t")
        words = listed.split()
        return sum(int(words[at + 1]) for at, word in enumerate(words) if word == "packets")

    def reset(self) -> int:
        """Reset all connections of the clients' host; how many there were."""
        killed = _run("ip", "netns", "exec", self._clients, "ss", "-KHt", "dst", SERVERS)
        return len(killed.splitlines())

    def _rule(self, chain: str, rule: str) -> None:
        statement, _, verdict = rule.rpartition(" ")
        command = f"add rule inet t {chain} {statement} counter {verdict}"
        _run("ip", "netns", "exec", self._servers, "nft", *command.split())


@contextmanager
def network() -> Iterator[Network]:
    """Two hosts; they are gone afterwards."""
    _check()
    names = [f"rpcgen-{os.getpid()}-{next(_numbers)}-{side}" for side in "cs"]
    clients, servers = names
    made: list[str] = []
    try:
        for name in names:
            _add(name)
            made.append(name)
        wire = ("eth0", "type", "veth", "peer", "name", "eth0", "netns", servers)
        _run("ip", "-n", clients, "link", "add", *wire)
        for name, address in ((clients, CLIENTS), (servers, SERVERS)):
            _run("ip", "-n", name, "addr", "add", f"{address}/24", "dev", "eth0")
            for device in ("lo", "eth0"):
                _run("ip", "-n", name, "link", "set", device, "up")
        for line in (
            "add table inet t",
            "add chain inet t in { type filter hook input priority 0 ; }",
            "add chain inet t out { type filter hook output priority 0 ; }",
        ):
            _run("ip", "netns", "exec", servers, "nft", *line.split())
        yield Network(clients, servers)
    finally:
        for name in made:
            _run("ip", "netns", "del", name)


def _check() -> None:
    if os.geteuid() != 0:
        pytest.skip("network namespaces need root")
    missing = [program for program in PROGRAMS if shutil.which(program) is None]
    if missing:
        text = f"not installed: {', '.join(missing)} (on Debian or Ubuntu: apt install iproute2 nftables)"
        if os.environ.get("CI"):
            pytest.fail(text)
        pytest.skip(text)


def _add(name: str) -> None:
    try:
        _run("ip", "netns", "add", name)
    except subprocess.CalledProcessError as error:
        pytest.skip(f"this root may not make network namespaces: {error.stderr.strip()}")


def _run(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout
