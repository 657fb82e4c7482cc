"""Casts that are delivered at least once: kept, run again, put aside."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest
from rpcgen.runtime import AsyncServer, ConfigurationError, NotSent, Server
from rpcgen.runtime.drivers.amqp import desk, letters

from tests.compiled import compile_to
from tests.conformance.waiting import eventually
from tests.packages import INTERFACES, import_from
from tests.rabbitd import RabbitServer


@pytest.fixture(scope="module")
def keep(tmp_path_factory: pytest.TempPathFactory) -> ModuleType:
    directory = tmp_path_factory.mktemp("keep")
    compile_to(directory, INTERFACES / "keep.yaml")
    return import_from(directory, "test_keep")


@pytest.fixture
def url(rabbit: RabbitServer) -> str:
    return rabbit.url(f"prefix=test-{time.monotonic_ns()}")


class Shop:
    """What handlers saw: ticket, attempt."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, int]] = []
        self.release = threading.Event()

    def tickets(self) -> list[str]:
        return [ticket for ticket, _ in self.seen]

    def endpoint(self, keep: Any) -> Any:
        def order(_: object, ctx: Any, *, ticket: str, seconds: float, fails: int) -> None:
            self.seen.append((ticket, ctx.attempt))
            if seconds:
                self.release.wait(seconds)
            if ctx.attempt <= fails:
                raise RuntimeError(f"no luck with {ticket} at attempt {ctx.attempt}")

        def tell(_: object, ctx: Any, *, ticket: str) -> None:
            self.seen.append((ticket, ctx.attempt))

        def ask(_: object, ctx: Any, *, ticket: str, seconds: float) -> str:
            self.release.wait(seconds)
            return ticket

        methods = {"order": order, "tell": tell, "ask": ask}
        return type("Keep", (keep.KeepEndpoint,), methods)()


Serve = Callable[..., Any]


@pytest.fixture
def serve(keep: ModuleType, url: str) -> Serve:
    def make(shop: Shop, **options: Any) -> Server:
        return Server(url, endpoints=[shop.endpoint(keep)], **{"server": "s1", **options})

    return make


def test_what_is_kept_waits_for_a_server(keep: Any, url: str, serve: Serve) -> None:
    """Nobody is there when it is cast; it runs when somebody is, once."""
    with serve(Shop()):
        pass
    with keep.KeepClient(url) as client:
        for number in range(20):
            client.order(ticket=f"t{number}")
        client.prepare(server="s1").order(ticket="mine")
        with pytest.raises(NotSent):
            client.tell(ticket="x")
    shop = Shop()
    with serve(shop) as server:
        eventually(lambda: len(shop.seen) == 21)
        eventually(lambda: server.serving.work.held == 0)
    assert sorted(shop.tickets()) == sorted(["mine", *(f"t{number}" for number in range(20))])
    assert {attempt for _, attempt in shop.seen} == {1}


async def test_asyncio_programs_keep_messages_too(keep: Any, url: str) -> None:
    """Many at once: confirmations are awaited together."""
    seen: list[str] = []

    async def order(_: object, ctx: Any, *, ticket: str, seconds: float, fails: int) -> None:
        seen.append(ticket)

    async def other(_: object, ctx: Any, **arguments: Any) -> Any:
        return ""

    methods = {"order": order, "tell": other, "ask": other}
    endpoint = type("AsyncKeep", (keep.AsyncKeepEndpoint,), methods)()
    async with AsyncServer(url, server="s1", endpoints=[endpoint]):
        async with keep.AsyncKeepClient(url) as client:
            await asyncio.gather(*(client.order(ticket=f"t{number}") for number in range(200)))
        while len(seen) < 200:
            await asyncio.sleep(0.01)
    assert sorted(seen) == sorted(f"t{number}" for number in range(200))


def test_before_any_server_nothing_can_be_kept(keep: Any, url: str) -> None:
    """The first server makes the queue; until then a cast is refused, and says so."""
    with keep.KeepClient(url) as client, pytest.raises(NotSent, match="no queue"):
        client.order(ticket="x")


def test_what_fails_is_tried_again(keep: Any, url: str, serve: Serve) -> None:
    """After a pause, with the number of the attempt; what comes behind it does not wait."""
    shop = Shop()
    with serve(shop, concurrency=1) as server, keep.KeepClient(url) as client:
        # So that the others are both there before one of them fails.
        client.order(ticket="before", seconds=20.0)
        client.order(ticket="bad", fails=2)
        client.order(ticket="good")
        shop.release.set()
        eventually(lambda: len(shop.seen) == 5)
        eventually(lambda: server.serving.work.held == 0)
    assert [seen for seen in shop.seen if seen[0] == "bad"] == [("bad", 1), ("bad", 2), ("bad", 3)]
    assert shop.seen.index(("good", 1)) < shop.seen.index(("bad", 2))


def test_what_always_fails_is_put_aside(
    keep: Any, url: str, serve: Serve, rabbit: RabbitServer
) -> None:
    """With its frame, and why it failed at first and at last; what comes behind it runs."""
    shop = Shop()
    prefix = url.rpartition("prefix=")[2]
    dead, queue = f"{prefix}.dead/test/keep", f"{prefix}.keep/test/keep"
    with serve(shop) as server, keep.KeepClient(url) as client:
        client.order(ticket="poison", fails=99)
        client.order(ticket="good")
        eventually(lambda: rabbit.queues()[dead] == 1, 20.0)
        eventually(lambda: server.serving.work.held == 0)
    assert [seen for seen in shop.seen if seen[0] == "poison"] == [
        ("poison", attempt) for attempt in range(1, desk.MAX_ATTEMPTS + 1)
    ]
    assert "good" in shop.tickets()
    assert rabbit.queues()[queue] == 0
    connection = rabbit.connect()
    message = connection.channel().basic_get(dead, no_ack=True)
    headers = message.properties["application_headers"]
    connection.close()
    assert headers[letters.FIRST] == "RuntimeError: no luck with poison at attempt 1"
    assert headers[letters.LAST] == "RuntimeError: no luck with poison at attempt 5"
    assert b"poison" in message.body


def test_a_queue_of_what_was_put_aside_is_made_again(
    keep: Any, url: str, serve: Serve, rabbit: RabbitServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody has looked at it, and deleted it: what fails next is there, and holds up nothing behind it."""
    monkeypatch.setattr(desk, "PAUSE", 0.01)
    monkeypatch.setattr(desk, "REPEAT", 0.5)
    monkeypatch.setattr(desk, "MAX_ATTEMPTS", 1)
    prefix = url.rpartition("=")[2]
    shop, dead = Shop(), f"{prefix}.dead/test/keep"
    with serve(shop, concurrency=1), keep.KeepClient(url) as client:
        connection = rabbit.connect()
        connection.channel().queue_delete(dead)
        client.order(ticket="bad", fails=99)
        client.order(ticket="good")
        eventually(lambda: shop.tickets() == ["bad", "good"], 20.0)
        eventually(lambda: rabbit.queues().get(dead) == 1, 20.0)
    connection.close()


def test_a_queue_of_what_was_put_aside_may_be_made_otherwise(
    keep: Any,
    url: str,
    serve: Serve,
    rabbit: RabbitServer,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A server that runs says so in its log, puts aside there, and loses neither its connection nor what it has."""
    monkeypatch.setattr(desk, "MAX_ATTEMPTS", 1)
    prefix = url.rpartition("=")[2]
    shop, dead = Shop(), f"{prefix}.dead/test/keep"
    with serve(shop, concurrency=1), keep.KeepClient(url) as client:
        connection = rabbit.connect()
        channel = connection.channel()
        channel.queue_delete(dead)
        limit = {"x-max-length": 7}
        channel.queue_declare(dead, durable=True, auto_delete=False, arguments=limit)
        client.order(ticket="first", seconds=20.0)
        eventually(lambda: "a channel was closed: PRECONDITION_FAILED" in caplog.text, 20.0)
        shop.release.set()
        client.order(ticket="bad", fails=99)
        client.order(ticket="good")
        eventually(lambda: "good" in shop.tickets(), 20.0)
        eventually(lambda: rabbit.queues().get(dead) == 1, 20.0)
    assert shop.seen == [("first", 1), ("bad", 1), ("good", 1)]
    connection.close()


def test_a_message_whose_server_was_stopped_by_force_runs_again(
    keep: Any, url: str, serve: Serve
) -> None:
    """What a drain cannot wait for goes to another server, and says that it is not the first attempt."""
    first, second = Shop(), Shop()
    with keep.KeepClient(url) as client:
        server = serve(first)
        server.start()
        for number in range(10):
            client.order(ticket=f"t{number}", seconds=20.0)
        eventually(lambda: len(first.seen) == 10)
        server.stop(0.1)
        with serve(second, server="s2"):
            eventually(lambda: len(second.seen) == 10)
            second.release.set()
        first.release.set()
    assert sorted(second.tickets()) == sorted(first.tickets())
    assert {attempt for _, attempt in second.seen} == {2}


def test_a_fanout_of_such_a_method_is_at_most_once(keep: Any, url: str, serve: Serve) -> None:
    """Nobody knows who they are, so nothing is kept for them."""
    shop = Shop()
    with serve(shop), keep.KeepClient(url) as client:
        client.prepare(fanout=True).order(ticket="all")
        eventually(lambda: shop.tickets() == ["all"])


@pytest.mark.parametrize(
    ("option", "calls", "casts"),
    [("confirms=kept", {"false"}, {"false", "true"}), ("confirms=always", {"true"}, {"true"})],
)
def test_the_broker_confirms_what_it_keeps_or_everything(
    keep: Any, rabbit: RabbitServer, option: str, calls: set[str], casts: set[str]
) -> None:
    """As the URL says; by channels of their own."""
    name = f"test-{time.monotonic_ns()}"
    url = rabbit.url(f"prefix={name}", f"name={name}", option)

    def modes() -> set[str]:
        rows = rabbit.listed("connections", "pid", "client_properties")
        mine = {pid for pid, said in rows if f"{name} requests" in said}
        channels = rabbit.listed("channels", "connection", "confirm")
        return {confirm for pid, confirm in channels if pid in mine}

    with (
        Server(url, server="s1", endpoints=[Shop().endpoint(keep)]),
        keep.KeepClient(url) as client,
    ):
        assert client.ask(ticket="one") == "one"
        assert modes() == calls
        client.order(ticket="two")
        assert modes() == casts


def test_transports_that_keep_nothing_say_so(keep: Any) -> None:
    """Rather than to promise what they cannot."""
    shop = Shop()
    url = "zmq+tcp://127.0.0.1:0"
    with Server(url, server="s1", endpoints=[shop.endpoint(keep)]) as server:
        address = server.addresses[0].replace("tcp", "zmq+tcp")
        with (
            keep.KeepClient(address) as client,
            pytest.raises(ConfigurationError, match="at most once"),
        ):
            client.order(ticket="x")


def test_in_memory_they_run(keep: Any) -> None:
    """So that programs can be tested."""
    shop = Shop()
    url = f"memory://keep-{time.monotonic_ns()}"
    with Server(url, server="s1", endpoints=[shop.endpoint(keep)]), keep.KeepClient(url) as client:
        client.order(ticket="x")
        eventually(lambda: shop.tickets() == ["x"])
