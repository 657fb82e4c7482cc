"""Each example runs as its README says: real processes, over zmq+ipc."""

from __future__ import annotations

import pytest
from rpcgen.runtime.rpcgen_meta import MetaClient

from tests.conformance.waiting import eventually
from tests.examples.programs import run_client, serving


def test_inventory() -> None:
    """Calls, casts, a fanout, a declared error and a refused argument, in both worlds."""
    with serving("inventory", "shop-1") as (url, (server,)):
        lines = run_client("inventory", "client.py", url).splitlines()
        assert lines[:2] == ["took 3 of SCR-0001, 97 left", "out of stock: DRL-0002, 1 left"]
        assert lines[2].startswith("refused: ")
        server.wait_for_prefix("counted")
        # Handlers of two casts run at the same time: what was put back was there, or not yet.
        assert server.lines[1:] in (["counted 101 pieces"], ["counted 98 pieces"])
        with MetaClient(url, exchange="shop", topic="inventory") as meta:
            eventually(lambda: not (health := meta.health()).running and not health.queued)
        assert run_client("inventory", "async_client.py", url).splitlines() == [
            "ten took one each, 90 left",
            "out of stock: DRL-0002, 1 left",
        ]


def test_inventory_fanout_reaches_every_server() -> None:
    """A recount is heard by both servers of the shop."""
    with serving("inventory", "shop-1", "shop-2") as (url, servers):
        run_client("inventory", "client.py", url)
        for server in servers:
            server.wait_for_prefix("counted")


def test_nova_compute() -> None:
    """An instance is built, used and destroyed; objects travel through the program's codecs."""
    with serving("nova_compute", "host1", "host2") as (url, (host1, host2)):
        assert run_client("nova_compute", "client.py", url).splitlines() == [
            "{'service': 'compute', 'arg': 'hello'}",
            "live migration needs shared storage: False",
            "the volume becomes /dev/vdb",
            "the console's last line: active",
            "not found: no-such",
        ]
        uuid = "5f3c1a52-9c1b-4ab3-9d9c-0f4b6f0f3f10"
        host1.wait_for(f"host1: {uuid} is gone")
        asked = "host1: a message of 6.0 asks for 1 m1.large"
        states = ["active", "stopped", "rebooted soft", "expected", "active", "gone"]
        assert host1.lines[1:4] == [f"host1: {uuid} is {state}" for state in states[:3]]
        assert host1.lines[4:] == [asked, *(f"host1: {uuid} is {state}" for state in states[3:])]
        assert host2.lines[1:] == []
        assert run_client("nova_compute", "async_client.py", url).splitlines() == [
            "up 1 day, load average: 0.00",
            "enabled",
            "{'cirros': 'cached', 'debian': 'cached'}",
            "{'host': 'host1', 'port': 5900}",
            "invalid console: vt100",
        ]


@pytest.mark.parametrize(
    ("release", "said", "message", "rebuilt"),
    [
        ("queens", ["5.0", False, False], "5.0", 1),
        ("stein", ["5.1", False, False], "5.1", 1),
        ("victoria", ["5.12", True, False], "5.1", 1),
        ("zed", ["6.1", True, False], "6.0", 1),
        ("gazpacho", ["6.5", True, True], "6.0", 2),
    ],
)
def test_nova_compute_pinned(release: str, said: list[object], message: str, rebuilt: int) -> None:
    """One program speaks to workers of every release; what one of them does not know is written otherwise or refused."""
    with serving("nova_compute", "host1") as (url, (host1,)):
        version, caching, choosing = said
        lines = run_client("nova_compute", "pinned_client.py", url, release).splitlines()
        assert lines == [
            f"{release} is {version}",
            f"images can be cached: {caching}",
            f"a state can be chosen: {choosing}",
            *["refused: target_state needs 6.2"] * (2 - rebuilt),
        ]
        uuid = "0b6c7b52-3f0a-4a4e-8a43-9f3e0c1d8e55"
        host1.wait_for(f"host1: {uuid} is gone")
        assert host1.lines[1] == f"host1: a message of {message} asks for 1 m1.large"
        states = ["expected", *["rebuilt from cirros"] * rebuilt, "gone"]
        assert host1.lines[2:] == [f"host1: {uuid} is {state}" for state in states]


def test_scheduler() -> None:
    """Every scheduler hears what any of them is told, and any of them answers."""
    with serving("scheduler", "scheduler-1", "scheduler-2") as (url, servers):
        assert run_client("scheduler", "client.py", url).splitlines() == [
            "told scheduler-1, scheduler-2",
            "[{'service_host': 'host1'}]",
            "no valid host: 65536 MB are free nowhere",
            "[{'service_host': 'host2'}]",
            "refused: select_destinations: 'return_alternates' needs 4.5, and the pin is 4.2",
        ]
        for number, server in enumerate(servers, 1):
            server.wait_for(f"scheduler-{number} heard of aggregates: rack-7")
            server.wait_for(f"scheduler-{number} heard that host1 uses 2560 MB")
            server.wait_for(f"scheduler-{number} forgot aggregate rack-7")
        assert run_client("scheduler", "async_client.py", url) == "4 answers, 4 hosts\n"
