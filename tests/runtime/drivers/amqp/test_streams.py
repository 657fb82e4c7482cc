"""Fanouts that go through a stream: all servers read it, also what was sent while they were away."""

from __future__ import annotations

import time
from types import ModuleType
from typing import Any

import pytest
from rpcgen.runtime import Server

from tests.chaos.proxy import Proxy, cut_after
from tests.conformance.lab import Bench, endpoint
from tests.conformance.waiting import eventually
from tests.rabbitd import RabbitServer


@pytest.fixture
def url(rabbit: RabbitServer) -> str:
    return rabbit.url("stream_fanout=yes", f"prefix=test-{time.monotonic_ns()}")


def prefix_of(url: str) -> str:
    return url.rpartition("prefix=")[2]


def serve(lab: ModuleType, url: str, name: str, bench: Bench) -> Server:
    return Server(url, server=name, endpoints=[endpoint(lab, bench, name)])


def test_every_server_hears_what_goes_to_all(
    lab: ModuleType, rabbit: RabbitServer, url: str
) -> None:
    """Once; also those that have queues of their own, and none what was sent before it came."""
    bench = Bench()
    own = url.replace("stream_fanout=yes&", "")
    with (
        serve(lab, url, "s1", bench),
        serve(lab, url, "s2", bench),
        serve(lab, own, "s3", bench),
        lab.LabClient(url) as client,
    ):
        client.prepare(fanout=True).note(text="all")
        assert bench.wait_for_notes(3) == ["s1:all", "s2:all", "s3:all"]
        with serve(lab, url, "s4", bench):
            client.prepare(fanout=True).note(text="more")
            bench.wait_for_notes(7)
    assert sorted(note for note in bench.notes if note.startswith("s4")) == ["s4:more"]
    assert len(bench.notes) == 7
    stream = f"{prefix_of(url)}.stream/test/lab"
    rows = rabbit.listed("queues", "name", "type", "durable", "arguments")
    (row,) = [row for row in rows if row[0] == stream]
    assert row[1:3] == ["stream", "true"]
    assert '{"x-max-age","1800s"}' in row[3]


def test_a_server_reads_on_where_it_was_cut_off(
    lab: ModuleType, rabbit: RabbitServer, url: str
) -> None:
    """What was sent while it had no connection runs when it is back, once and in order; nothing before runs again."""
    bench = Bench()
    with Proxy(rabbit.port) as proxy:
        through = url.replace(rabbit.host, f"127.0.0.1:{proxy.port}")
        with serve(lab, through, "s1", bench) as server, lab.LabClient(url) as client:
            client.prepare(fanout=True).note(text="before")
            bench.wait_for_notes(1)
            proxy.up = [cut_after(0)]
            proxy.cut()
            eventually(lambda: intake(server)._link is None)
            for number in range(3):
                client.prepare(fanout=True).note(text=f"away {number}")
            proxy.up = []
            client.prepare(fanout=True).note(text="after")
            bench.wait_for_notes(5)
            eventually(lambda: server.serving.work.held == 0)
    assert sorted(bench.notes) == sorted(
        ["s1:before", *(f"s1:away {number}" for number in range(3)), "s1:after"]
    )


def intake(server: Any) -> Any:
    return server._listeners[0]._desk._intake


def test_a_server_that_stops_hears_no_more(lab: ModuleType, url: str) -> None:
    """The stream stays: what nobody hears is no error, unlike where every server has a queue."""
    bench = Bench()
    with serve(lab, url, "s1", bench):
        pass
    with lab.LabClient(url) as client:
        client.prepare(fanout=True).note(text="nobody")
        with serve(lab, url, "s1", bench):
            client.prepare(fanout=True).note(text="somebody")
            assert bench.wait_for_notes(1) == ["s1:somebody"]
