"""Keys change while clients call, and whoever has none is told so."""

from __future__ import annotations

import itertools
import os
import time
from pathlib import Path

import pytest

from tests.chaos.fleet import LONG, Fleet, Fleets, report, seconds
from tests.chaos.proxy import Proxy, record
from tests.conformance.waiting import eventually
from tests.runtime.drivers.zeromq.keyring import Keyring

pytestmark = [
    pytest.mark.timeout(90 if LONG else 40),
    pytest.mark.parametrize("world", ["blocking", "asyncio"] if LONG else ["asyncio"]),
]

#: Stands in every request, and must not be read on the wire.
CANARY = b"canary"


class Newcomers:
    """Clients that are made anew each time."""

    def __init__(self, fleet: Fleet, world: str) -> None:
        self._fleet = fleet
        self._world = world
        self._numbers = itertools.count()

    def told(self, url: str) -> tuple[str, float]:
        """`ok`, or the error of such a client, and after how long."""
        self._fleet.urls[-1] = url
        with self._fleet.asker(self._world, f"n{next(self._numbers)}") as asker:
            ended = asker.ask(timeout=5.0, may=("ok", "not_sent"))
        return (ended.text.partition(":")[0] or "ok"), ended.took

    def get_in(self, url: str) -> None:
        """Wait until one is admitted."""
        eventually(lambda: self.told(url)[0] == "ok", 5.0)


def test_keys_change_under_load(world: str, fleets: Fleets, tmp_path: Path) -> None:
    """F45: the server's, the clients', and who may connect: no call fails, and nothing ever travels in the clear."""
    rounds = 5 if LONG else 2
    keys = Keyring(tmp_path / "keys")
    wire = bytearray()
    servers: list[float] = []
    clients: list[float] = []
    refused: list[float] = []
    with fleets("zmq+tcp", servers=1) as fleet:
        url = fleet.urls[0]
        fleet.serve(1, world, keys.server(url))
        with Proxy(int(url.rpartition(":")[2]), [record(wire)], [record(wire)]) as proxy:
            plain = f"zmq+tcp://127.0.0.1:{proxy.port}"
            keys.trust("server")
            fleet.urls[-1] = keys.client(plain, peers="trusted")
            load = fleet.program(
                "load", CANARY.decode(), world=world, callers=8, seconds=0.02, may=("ok", "unknown")
            )
            load.ready()
            fleet.runs(50)

            newcomers = Newcomers(fleet, world)
            for _ in range(rounds):
                began = time.monotonic()
                os.replace(keys.folder / "server.pub", keys.folder / "old.pub")
                keys.make("next")
                keys.trust("old", "next")
                os.replace(keys.folder / "next.key", keys.folder / "server.key")
                os.replace(keys.folder / "next.pub", keys.folder / "server.pub")
                newcomers.get_in(keys.client(plain))  # trusts the new key alone
                servers.append(time.monotonic() - began)
                began = time.monotonic()
                keys.make("other")
                keys.admit("other")
                newcomers.get_in(keys.client(plain, key="other"))
                clients.append(time.monotonic() - began)
                keys.make("stranger")
                for url in (plain, keys.client(plain, key="stranger")):
                    told, after = newcomers.told(url)
                    assert told == "AuthError"
                    refused.append(after)
                proxy.cut()  # all have to show their keys again
                fleet.runs(fleet.count() + 50)
            load.end_input()
            load.ended(15.0)
        checker = fleet.verdict(lost_casts=True)
    assert CANARY not in wire
    assert len(wire) > 10_000
    assert max(servers + clients) <= 5.0
    assert max(refused) <= 3.0
    loaded = [e for e in checker.ended.values() if e.ticket.startswith(CANARY.decode())]
    report(
        f"F45 keys changed {2 * rounds} times, zmq+tcp {world}",
        "new keys work in 5 s, AuthError in 3 s without one, nothing in the clear",
        f"a server's after {seconds(servers)}, a client's after {seconds(clients)}, AuthError after "
        f"{seconds(refused)}, 0 of {len(wire)} bytes, "
        f"{sum(e.outcome == 'ok' for e in loaded)} of {len(loaded)} calls answered, the others were under way on a "
        "connection that we cut",
    )


def test_without_keys_the_wire_can_be_read(world: str, fleets: Fleets) -> None:
    """The search for the canary finds it where nothing is encrypted."""
    wire = bytearray()
    with fleets("zmq+tcp", servers=1) as fleet:
        fleet.serve(1, world)
        with Proxy(int(fleet.urls[0].rpartition(":")[2]), [record(wire)]) as proxy:
            fleet.urls[-1] = f"zmq+tcp://127.0.0.1:{proxy.port}"
            fleet.asker(world, CANARY.decode()).ask()
        fleet.verdict()
    assert CANARY in wire
