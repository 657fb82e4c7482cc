"""How much of what no server can read is put aside, and what it costs if there is too much of it, or no place for it."""

from __future__ import annotations

import logging
import re
import secrets
import time
from pathlib import Path
from types import ModuleType

import amqp
import pytest
from rpcgen.runtime import Server
from rpcgen.runtime.drivers.amqp import junk, queues

from tests.conformance.lab import Bench, endpoint
from tests.conformance.waiting import eventually
from tests.junkyard import LIMIT, OURS, Site, counters, serve
from tests.rabbitd import PASSWORD, USER, RabbitServer


def test_a_flood_stays_bounded_and_calls_go_on(
    lab: ModuleType, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In what a server puts aside in a time, however long this one takes; all of it is acknowledged, and counted."""
    monkeypatch.setattr(junk, "PERIOD", 600.0)
    count, slowest = 6_000, 0.0
    with serve(lab, site) as server, lab.LabClient(site.url) as client:
        for _ in range(6):
            site.flood(site.calls, count // 6)
            began = time.monotonic()
            assert client.prepare(timeout=LIMIT).add(a=1, b=2) == 3
            slowest = max(slowest, time.monotonic() - began)
        found = counters(server)
        eventually(lambda: found["junk"] + found["dropped"] == count, LIMIT)
        assert server.serving.counters.unreadable == count
        assert junk.FEWEST_OPEN <= found["junk"] <= junk.MOST
        site.taken()
    assert site.ready(site.junk) == found["junk"]
    assert slowest < 5.0


def test_the_queue_lets_go_of_the_oldest(lab: ModuleType, site: Site) -> None:
    """It holds so many messages, and so many bytes, whatever servers put there."""
    site.channel.queue_declare(site.junk, durable=True, auto_delete=False, arguments=queues.JUNK)
    for _ in range(queues.JUNK["x-max-length"]):
        site.plant(site.junk, b"old")
    with serve(lab, site) as server:
        site.plant(site.calls, b"new", **OURS)
        site.plant(site.calls, b"newer", **OURS)
        eventually(lambda: counters(server)["junk"] == 2, LIMIT)
    bodies = [site.take().body for _ in range(queues.JUNK["x-max-length"])]
    assert bodies[-2:] == [b"new", b"newer"]
    for _ in range(queues.JUNK["x-max-length-bytes"] // 2**20 + 5):
        site.plant(site.junk, bytes(2**20))
    assert site.ready(site.junk) == queues.JUNK["x-max-length-bytes"] // 2**20


def test_a_queue_that_is_otherwise_costs_nothing_but_what_would_go_there(
    lab: ModuleType, site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    """The server says so once, drops what cannot be read, and asks the broker no more for a while."""
    site.channel.queue_declare(site.junk, durable=True, auto_delete=False)
    with serve(lab, site) as server, lab.LabClient(site.url) as client:
        site.flood(site.calls, 500)
        eventually(lambda: counters(server)["dropped"] == 500, LIMIT)
        assert client.add(a=1, b=2) == 3
        site.taken()
    assert site.ready(site.junk) == 0
    said = [each.getMessage() for each in caplog.records if "is dropped for" in each.getMessage()]
    assert len(said) == 1
    assert "inequivalent arg 'x-" in said[0]
    node = site.rabbit.folder / "log" / "node.log"
    eventually(lambda: refusals(node, site.junk) > 0, LIMIT)
    assert refusals(node, site.junk) < 10


def refusals(log: Path, queue: str) -> int:
    """How often a node has refused to declare a queue."""
    return log.read_text().count(f"for queue '{queue}'")


#: What a user may configure, write and read who cannot put anything aside, and what is said of it.
USERS = {
    "may not make it": ((r"^rpcgen\.(?!junk)", ".*", ".*"), r"access to queue 'rpcgen\.junk/"),
    "may not write": ((".*", r"^rpcgen\.", ".*"), "access to exchange 'amq.default'"),
}


@pytest.mark.parametrize("who", USERS)
def test_a_server_that_may_not_put_anything_aside_lives_on(
    lab: ModuleType, rabbit: RabbitServer, caplog: pytest.LogCaptureFixture, who: str
) -> None:
    """It says so once, and what cannot be read is dropped."""
    patterns, text = USERS[who]
    vhost, user = rabbit.new_vhost(), f"user-{secrets.token_hex(4)}"
    rabbit.ctl("add_user", user, PASSWORD)
    rabbit.ctl("set_permissions", "--vhost", vhost, user, *patterns)
    url = rabbit.url(vhost=vhost).replace(f"//{USER}:", f"//{user}:")
    connection = rabbit.connect(virtual_host=vhost)
    channel = connection.channel()
    with Server(url, server="s1", endpoints=[endpoint(lab, Bench(), "s1")]) as server:
        for _ in range(100):
            message = amqp.Message(b"?", **OURS)
            channel.basic_publish_confirm(message, routing_key="rpcgen.call/test/lab")
        eventually(lambda: counters(server)["dropped"] == 100, LIMIT)
        if who == "may not make it":  # the other one cannot answer either
            with lab.LabClient(rabbit.url(vhost=vhost)) as client:
                assert client.add(a=1, b=2) == 3
    connection.close()
    said = [each.getMessage() for each in caplog.records if "is dropped for" in each.getMessage()]
    assert len(said) == 1
    assert re.search(text, said[0])


def test_a_queue_that_was_deleted_is_made_again(lab: ModuleType, site: Site) -> None:
    """Whoever has looked may delete it: the next message waits a moment for it."""
    with serve(lab, site) as server:
        site.plant(site.calls, b"first", **OURS)
        site.junk_is(1)
        site.channel.queue_delete(site.junk)
        site.plant(site.calls, b"second", **OURS)
        site.plant(site.calls, b"third", **OURS)
        eventually(lambda: counters(server)["junk"] == 3, LIMIT)
        assert counters(server)["dropped"] == 0
    assert {site.take().body, site.take().body} == {b"second", b"third"}


def test_a_connection_that_is_lost_loses_none(
    lab: ModuleType, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was on its way, and is not confirmed, goes by the next one, and is acknowledged after that."""
    monkeypatch.setattr(junk, "LIFE", 60.0)
    count = junk.MOST_OPEN // 2
    with serve(lab, site) as server, lab.LabClient(site.url) as client:
        assert client.add(a=1, b=2) == 3
        site.flood(site.calls, count)
        for pid, said in site.rabbit.listed("connections", "pid", "client_properties"):
            if f"{site.prefix} answers" in said:
                site.rabbit.ctl("close_connection", pid, "a test")
        site.flood(site.calls, count)
        assert client.prepare(timeout=LIMIT).add(a=1, b=2) == 3
        found = counters(server)
        eventually(lambda: found["junk"] == 2 * count, LIMIT)
        assert found["dropped"] == 0
        site.taken()
    left = site.ready(site.junk)
    assert left is not None
    assert left >= 2 * count  # what was not confirmed may be there twice


def test_the_log_says_it_now_and_then(
    lab: ModuleType, site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    """What may come from anybody, any number of times, does not fill it."""
    caplog.set_level(logging.INFO, "rpcgen.amqp")
    with serve(lab, site):
        site.flood(site.calls, 100)
        site.junk_is(100)
    said = [each.getMessage() for each in caplog.records if "put into" in each.getMessage()]
    assert 1 <= len(said) <= 3
    assert said[0].startswith(f"put into {site.junk}: 'it cannot be read: ")
