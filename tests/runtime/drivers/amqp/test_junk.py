"""What is no request, or cannot be read, in the queues of a server: put where people can look at it, and nothing else."""

from __future__ import annotations

import asyncio
import random
import re
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import amqp
import pytest
from rpcgen.runtime import AsyncServer, EventServer, Server
from rpcgen.runtime.core.codec import MSGPACK
from rpcgen.runtime.drivers.amqp import desk, junk, letters

from tests.compiled import compile_to
from tests.conformance import stairs
from tests.conformance.lab import Bench, async_endpoint, endpoint
from tests.conformance.raw import request
from tests.conformance.waiting import eventually
from tests.junkyard import LIMIT, OURS, Site, counters, reason_of, serve
from tests.packages import INTERFACES, import_from
from tests.rabbitd import PASSWORD, USER, RabbitServer

HOW_TO = Path(__file__).parents[4] / "docs/how-to/run-over-rabbitmq.md"

FRAME = MSGPACK.encode(request("add", {"a": 1}))
UNREADABLE = "it cannot be read: "
NO_REQUEST = "it is no request: "

#: What is planted: the body, its properties, and how the reason begins. All of a body is expected to be kept.
PLANTED: dict[str, tuple[bytes, dict[str, Any], str]] = {
    "half a frame": (FRAME[: len(FRAME) // 2], OURS, UNREADABLE),
    "a frame with a flipped bit": (bytes([FRAME[0] ^ 0x10]) + FRAME[1:], OURS, UNREADABLE),
    "a frame and more": (FRAME + b"\x00", OURS, UNREADABLE),
    "random bytes": (random.Random(7).randbytes(500), OURS, UNREADABLE),
    "nothing": (b"", OURS, UNREADABLE),
    "depth": (b"\x91" * 5_000, OURS, UNREADABLE),
    "other content": (
        b"cos\nsystem\n(S'true'\ntR.",
        {"content_type": "application/x-python-serialize", "type": "request"},
        NO_REQUEST + "its type is 'request', and its content type 'application/x-python-serialize'",
    ),
    "no type": (
        FRAME,
        {"content_type": letters.CONTENT_TYPE},
        NO_REQUEST + "its type is '', and its content type 'application/x-rpcgen'",
    ),
    "an answer": (
        FRAME,
        {**OURS, "type": letters.ANSWER},
        NO_REQUEST + "its type is 'answer'",
    ),
    "no properties": (FRAME, {}, NO_REQUEST + "its type is '', and its content type ''"),
}


Others = Callable[[str], Any]


@pytest.fixture(scope="module")
def others(tmp_path_factory: pytest.TempPathFactory) -> Others:
    """Makes the module of another interface."""

    def make(name: str) -> Any:
        directory = tmp_path_factory.mktemp(name)
        compile_to(directory, INTERFACES / f"{name}.yaml")
        return import_from(directory, f"test_{name}")

    return make


def check(letter: Any) -> str:
    """That it is one of those that were planted, and why it is there; which one."""
    said = letter.properties
    what: str = said["correlation_id"]
    body, properties, reason = PLANTED[what]
    assert reason_of(letter).startswith(reason), what
    assert (letter.body or b"") == body, what
    assert said["message_id"].partition(".")[0] == "cafe"
    assert said["delivery_mode"] == 2
    for name in ("content_type", "type"):
        assert said.get(name) == properties.get(name), what
    return what


def test_it_is_put_aside_once_with_its_reason(lab: ModuleType, site: Site) -> None:
    """All of it; nothing is left in the queue where it came, and calls go on."""
    with serve(lab, site) as server, lab.LabClient(site.url) as client:
        for what, (body, properties, _) in PLANTED.items():
            said = {"message_id": "cafe.12", "correlation_id": what, **properties}
            site.plant(site.calls, body, **said)
        site.junk_is(len(PLANTED))
        assert client.add(a=1, b=2) == 3
        site.taken()
        unreadable = sum(reason == UNREADABLE for _, _, reason in PLANTED.values())
        assert server.serving.counters.unreadable == unreadable
        assert server.serving.counters.received == 1
        found = {name: count for name, count in counters(server).items() if count}
        assert found == {"junk": len(PLANTED), "foreign": len(PLANTED) - unreadable}
    site.junk_is(len(PLANTED))  # it stays when the server goes
    assert {check(site.take()) for _ in PLANTED} == set(PLANTED)


def test_asyncio_servers_put_it_aside_too(lab: ModuleType, site: Site) -> None:
    """Their loops drive the connections, and leave it to others to wait for a declaration."""

    async def run() -> None:
        made = async_endpoint(lab, Bench(), "s1")
        async with (
            AsyncServer(site.url, server="s1", endpoints=[made]) as server,
            lab.AsyncLabClient(site.url) as client,
        ):
            for what, (body, properties, _) in PLANTED.items():
                said = {"message_id": "cafe.12", "correlation_id": what, **properties}
                await asyncio.to_thread(site.plant, site.calls, body, **said)
            await asyncio.to_thread(site.junk_is, len(PLANTED))
            assert await client.add(a=1, b=2) == 3
            await asyncio.to_thread(site.taken)
            assert counters(server)["junk"] == len(PLANTED)

    asyncio.run(run())
    assert {check(site.take()) for _ in PLANTED} == set(PLANTED)


def test_what_is_large_is_cut(lab: ModuleType, site: Site) -> None:
    """And says how large it was; what is larger than a server takes is not even read."""
    site.url += "&max_message=200000"
    with serve(lab, site):
        for size in (junk.LARGEST, 100_000, 300_000):
            site.plant(site.calls, b"\xc1" * size, **OURS)
        site.junk_is(3)
    # One thread puts aside what is too large to be read, and another what was read in vain: they come in any order.
    found = [site.take() for _ in range(3)]
    unread, *kept = sorted(found, key=lambda letter: len(letter.body or b""))
    assert not unread.body
    assert [letter.body for letter in kept] == [b"\xc1" * junk.LARGEST] * 2
    sizes = {letter.properties["application_headers"].get(letters.SIZE) for letter in kept}
    assert sizes == {None, 100_000}
    assert "max_message" in reason_of(unread)


def test_what_a_sender_says_does_nothing_to_the_broker(lab: ModuleType, site: Site) -> None:
    """Other receivers, a time to live, ids of any length: the message goes to its queue, and stays there."""
    victim = f"{site.prefix}.victim"
    site.channel.queue_declare(victim, exclusive=True)
    with serve(lab, site) as server, lab.LabClient(site.url) as client:
        for headers in ({"CC": [victim], "BCC": [victim]}, {"x-death": [{"count": 9}], "a": {}}):
            for _ in range(60):  # so that the numbers have several digits
                site.plant(
                    site.calls,
                    b"?",
                    expiration="60000",
                    priority=200,
                    user_id=USER,
                    message_id="\U0001f47e" * 63,
                    correlation_id="\r\n\x1b[31m" * 30,
                    reply_to=victim,
                    content_encoding="zip",
                    application_headers=headers,
                    **OURS,
                )
        site.junk_is(120)
        assert client.add(a=1, b=2) == 3
        assert counters(server)["unreachable"] == 0
    assert site.ready(victim) == 60  # the copies that the broker made of what was planted
    said = site.take().properties
    assert set(said["application_headers"]) == {letters.LAST}
    assert not {"expiration", "priority", "user_id"} & set(said)


def test_each_queue_from_which_one_server_takes_a_message(site: Site, others: Others) -> None:
    """Of requests to one server, and of those in order, too; the queue of junk is the topic's."""
    made = stairs.endpoint(others("order"), stairs.Stairs(), "blocking", "")
    with Server(site.url, server="s1", endpoints=[made]):
        for queue in (f"{site.calls}/s1", f"{site.prefix}.call-ordered/test/lab"):
            site.plant(queue, b"?", **OURS)
        site.junk_is(2)


def test_events_of_a_group_too(site: Site, others: Others) -> None:
    """Its members share a queue of junk; who hears all for itself has one of many copies."""
    news = others("news")
    subscriber = type(
        "Hears", (news.NewsSubscriber,), {"item_taken": lambda self, ctx, payload: None}
    )
    group = f"{site.prefix}.group/test/news/test.news/readers"
    site.junk = f"{site.prefix}.junk/test/news/test.news/readers"
    with (
        EventServer(site.url, subscribers=[subscriber()], group="readers") as server,
        EventServer(site.url, subscribers=[subscriber()]) as alone,
    ):
        message = amqp.Message(b"?", **OURS)
        site.channel.basic_publish(message, f"{site.prefix}.event/test/news", "item.taken")
        site.junk_is(1)
        eventually(lambda: alone.serving.counters.unreadable == 1, LIMIT)
        eventually(lambda: site.rabbit.messages(group) == 0, LIMIT)
        assert (counters(server)["junk"], counters(alone)["junk"]) == (1, 0)


def test_copies_for_all_servers_are_only_counted(lab: ModuleType, site: Site) -> None:
    """Whoever reads a broadcast has one of many: nothing is put aside, with streams or without."""
    for options in ("", "&stream_fanout=yes"):
        site.url += options
        with serve(lab, site) as server, lab.LabClient(site.url) as client:
            message = amqp.Message(b"?", **OURS)
            site.channel.basic_publish(message, exchange=f"{site.prefix}.fanout/test/lab")
            eventually(lambda server=server: server.serving.counters.unreadable == 1, LIMIT)
            assert client.add(a=1, b=2) == 3
            assert counters(server)["junk"] == counters(server)["dropped"] == 0
        assert site.ready(site.junk) is None


def test_what_is_kept_goes_where_it_went(
    site: Site, others: Others, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A newer server may read it, so it has its attempts, and then lies with what could not be run."""
    monkeypatch.setattr(desk, "PAUSE", 0.01)
    keep, rabbit = others("keep"), site.rabbit
    methods = dict.fromkeys(("order", "tell", "ask"), lambda self, ctx, **arguments: None)
    made = type("Keep", (keep.KeepEndpoint,), methods)()
    dead = f"{site.prefix}.dead/test/keep"
    with Server(site.url, server="s1", endpoints=[made]) as server:
        # With an id of so many octets there is hardly room for a number.
        long = {"message_id": "\U0001f47e" * 63}
        for number in range(30):
            site.plant(f"{site.prefix}.keep/test/keep", b"%d" % number, **OURS, **long)
        eventually(lambda: rabbit.queues()[dead] == 30, LIMIT)
        eventually(lambda: rabbit.messages(f"{site.prefix}.keep") == 0, LIMIT)
        assert (counters(server)["dead"], counters(server)["again"]) == (30, 120)
    assert not any(name.startswith(f"{site.prefix}.junk") for name in rabbit.queues())
    message = site.channel.basic_get(dead, no_ack=True)
    assert reason_of(message).startswith(UNREADABLE)


def test_on_the_oslo_wire_it_is_dropped(lab: ModuleType, rabbit: RabbitServer) -> None:
    """There are no other queues there than those of oslo.messaging."""
    vhost = rabbit.new_vhost()
    url = rabbit.url("wire=oslo", vhost=vhost)
    connection = rabbit.connect(virtual_host=vhost)
    with (
        Server(url, server="s1", endpoints=[endpoint(lab, Bench(), "s1")]) as server,
        lab.LabClient(url) as client,
    ):
        assert client.add(a=1, b=2) == 3
        there = rabbit.listed("queues", "name", vhost=vhost)
        said = {"content_type": "application/json", "content_encoding": "utf-8"}
        for body, properties in ((b"{", said), (b"?", {}), (b'{"a": 1}', said)):
            message = amqp.Message(body, **properties)
            connection.channel().basic_publish_confirm(message, routing_key="lab")
        eventually(lambda: server.serving.counters.unreadable == 1, LIMIT)
        eventually(lambda: counters(server)["foreign"] == 2, LIMIT)
        assert client.add(a=1, b=2) == 3
        assert rabbit.listed("queues", "name", vhost=vhost) == there
        row = ["lab", "0"]
        eventually(lambda: row in rabbit.listed("queues", "name", "messages", vhost=vhost), LIMIT)
        assert counters(server)["junk"] == counters(server)["dropped"] == 0
    connection.close()


def test_the_how_to_shows_how_to_look(
    lab: ModuleType, site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its program prints what is there, and leaves it there."""
    section = HOW_TO.read_text().partition("## What was put aside")[2]
    program = section.partition("```python\n")[2].partition("```")[0]
    mine = {
        "rabbit1:5672": site.rabbit.host,
        '"shop", "secret", virtual_host="shop"': f'"{USER}", "{PASSWORD}"',
        "rpcgen.junk/shop/stock": site.junk,
    }
    for shown, here in mine.items():
        assert shown in program
        program = program.replace(shown, here)
    with serve(lab, site):
        reply_to = f"{site.prefix}.reply/host.1.2"
        site.plant(site.calls, b"?", message_id="cafe.1", reply_to=reply_to, **OURS)
        site.junk_is(1)
    exec(program)
    printed = capsys.readouterr().out
    assert re.match(r"cafe\.\d+ it cannot be read: .*\n", printed)
    assert f"{reply_to} b'?'" in printed or f"{reply_to} ?" in printed
    site.junk_is(1)
