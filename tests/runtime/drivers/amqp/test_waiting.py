"""What may wait for only so long, and what is handled in order, over a broker."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from types import ModuleType
from typing import Any

import pytest
from rpcgen.runtime import Server
from rpcgen.runtime.drivers.amqp import letters

from tests.compiled import compile_to
from tests.conformance.stairs import Stairs, endpoint, whole
from tests.conformance.waiting import eventually
from tests.packages import INTERFACES, import_from
from tests.rabbitd import RabbitServer

LIMIT = 20.0


@pytest.fixture(scope="module")
def order(tmp_path_factory: pytest.TempPathFactory) -> ModuleType:
    directory = tmp_path_factory.mktemp("order")
    compile_to(directory, INTERFACES / "order.yaml")
    return import_from(directory, "test_order")


@pytest.fixture
def prefix() -> str:
    return f"test-{time.monotonic_ns()}"


@pytest.fixture
def url(rabbit: RabbitServer, prefix: str) -> str:
    return rabbit.url(f"prefix={prefix}")


Start = Callable[..., tuple[Server, Stairs]]


@pytest.fixture
def start(order: ModuleType, url: str) -> Iterator[Start]:
    with ExitStack() as stack:

        def make(name: str = "s1", stairs: Stairs | None = None, **options: Any) -> Any:
            shared = stairs or Stairs()
            named = "" if stairs is None else f"{name}-"
            made = endpoint(order, shared, "blocking", named)
            where = options.pop("at", url)
            server = Server(where, server=name, endpoints=[made], drain_timeout=LIMIT, **options)
            server.start()
            stack.callback(server.stop, 0.0)
            stack.callback(shared.release.set)
            stack.callback(shared.held.clear)
            return server, shared

        yield make


def put_aside(rabbit: RabbitServer, queue: str) -> Any:
    """The one message in a queue of what could not be run."""
    eventually(lambda: rabbit.queues()[queue] == 1, LIMIT)
    connection = rabbit.connect()
    message = connection.channel().basic_get(queue, no_ack=True)
    connection.close()
    return message


def test_what_waits_too_long_for_a_server_is_put_aside(
    order: Any, url: str, start: Start, prefix: str, rabbit: RabbitServer
) -> None:
    """It was promised that nothing is lost, so the broker keeps it apart, and says why."""
    server, _ = start()
    server.stop()
    with order.OrderClient(url) as client:
        client.stay(text="alone")
    message = put_aside(rabbit, f"{prefix}.dead/test/lab")
    (death,) = message.properties["application_headers"]["x-death"]
    assert (death["reason"], death["queue"]) == ("expired", f"{prefix}.keep/test/lab")
    assert b"alone" in message.body
    _, stairs = start("s2")
    with order.OrderClient(url) as client:
        client.lasting(text="later")
    eventually(lambda: stairs.notes == ["later None"], LIMIT)


def test_what_waits_too_long_in_a_server_is_put_aside_at_once(
    order: Any, url: str, start: Start, prefix: str, rabbit: RabbitServer
) -> None:
    """Another attempt would be no use: it is one attempt, and the reason."""
    server, stairs = start(concurrency=1)
    with order.OrderClient(url) as client:
        blocker = threading.Thread(target=client.block)
        blocker.start()
        assert stairs.blocked.wait(LIMIT)
        client.stay(text="late")
        eventually(lambda: server.serving.work.queued == 1, LIMIT)
        threading.Event().wait(0.35)  # the time that it may wait
        stairs.release.set()
        blocker.join(LIMIT)
        message = put_aside(rabbit, f"{prefix}.dead/test/lab")
    headers = message.properties["application_headers"]
    assert "time was over" in headers[letters.FIRST]
    assert "x-death" not in headers
    assert "expiration" not in message.properties
    assert server.serving.counters.expired == 1
    assert stairs.notes == []


def test_a_queue_of_what_is_kept_says_for_how_long_it_still_may_wait() -> None:
    """A message that is published anew has what was left; what another wrote there is taken for nothing."""
    kept = letters.Kept()
    properties = letters.keep(1, "m", None, None, kept, 1.5)
    assert properties.expiration == "1500"
    assert letters.keep(1, "m", None, None, kept, -3.0).expiration == "1"
    assert letters.keep(1, "m", None, None, kept, None).expiration is None


def test_one_server_at_a_time_gets_what_has_an_order(order: Any, url: str, start: Start) -> None:
    """The others stand by, and the next goes on where the first has stopped; what has none goes to all."""
    shared = Stairs()
    first, _ = start("s1", shared)
    start("s2", shared)
    with order.OrderClient(url) as client:
        for number in range(20):
            client.step(thing=order.Thing(name="k"), number=number)
            client.climb(name="m", number=number)
        eventually(lambda: len(shared.notes) == 80, LIMIT)
        assert shared.of("s1-k") == whole("s1-k", *range(20))
        assert shared.of("s1-m") == whole("s1-m", *range(20))
        first.stop()
        for number in range(20, 30):
            client.step(thing=order.Thing(name="k"), number=number)
            client.climb(name="m", number=number)
        eventually(lambda: len(shared.notes) == 120, LIMIT)
    assert shared.of("s2-k") == whole("s2-k", *range(20, 30))
    assert shared.of("s2-m") == whole("s2-m", *range(20, 30))


def test_what_waited_for_a_server_keeps_its_order(order: Any, url: str, start: Start) -> None:
    """Kept in the broker, key by key, whichever server comes."""
    server, _ = start("s1")
    server.stop()
    with order.OrderClient(url) as client:
        for number in range(60):
            client.climb(name="abc"[number % 3], number=number)
    shared = Stairs()
    start("s2", shared, concurrency=8)
    start("s3", shared, concurrency=8)
    eventually(lambda: len(shared.notes) == 120, LIMIT)
    servers = {note[1:3] for note in shared.notes}
    assert len(servers) == 1
    (name,) = servers
    for offset, key in enumerate("abc"):
        assert shared.of(f"{name}-{key}") == whole(f"{name}-{key}", *range(offset, 60, 3))


# --- programs that speak oslo.messaging's wire --------------------------------------------------------------------------


def test_on_the_oslo_wire_a_cast_expires_in_the_broker(
    order: Any, rabbit: RabbitServer, prefix: str
) -> None:
    """Its message says how long it may wait, as that of a call does; other casts say nothing of it."""
    with rabbit.connect() as connection:
        found = _expirations(order, rabbit, connection.channel(), prefix)
    assert found.keys() == {"lasting", "step"}
    assert found["step"] is None
    assert 3_590_000 < int(found["lasting"] or 0) <= 3_600_000


def _expirations(
    order: Any, rabbit: RabbitServer, channel: Any, prefix: str
) -> dict[str, str | None]:
    """What is left in a queue of three casts, and how long each may wait."""
    channel.exchange_declare(prefix, "topic", durable=False, auto_delete=False)
    channel.queue_declare(prefix, durable=False, auto_delete=False)
    channel.queue_bind(prefix, prefix, prefix)
    place = {"exchange": prefix, "topic": prefix}
    with order.OrderClient(rabbit.url("wire=oslo"), **place) as client:
        client.brief(text="short")
        client.lasting(text="long")
        client.step(number=1)
        eventually(lambda: rabbit.queues()[prefix] == 2, LIMIT)
    found: dict[str, str | None] = {}
    while (message := channel.basic_get(prefix, no_ack=True)) is not None:
        payload = json.loads(json.loads(message.body)["oslo.message"])
        found[payload["method"]] = message.properties.get("expiration")
    channel.queue_delete(prefix)
    channel.exchange_delete(prefix)
    return found


def test_on_the_oslo_wire_a_server_runs_nothing_that_is_over(
    order: Any, rabbit: RabbitServer, start: Start, prefix: str
) -> None:
    """It goes by what the message said to the broker."""
    at = rabbit.url("wire=oslo")
    place = {"exchange": prefix, "topic": prefix}
    server, stairs = start(at=at, concurrency=1, **place)
    with order.OrderClient(at, **place) as client:
        blocker = threading.Thread(target=client.block)
        blocker.start()
        assert stairs.blocked.wait(LIMIT)
        client.brief(text="late")
        client.lasting(text="in time")
        eventually(lambda: server.serving.work.queued == 2, LIMIT)
        threading.Event().wait(0.35)  # the time that it may wait
        stairs.release.set()
        blocker.join(LIMIT)
        eventually(lambda: server.serving.counters.expired == 1, LIMIT)
        eventually(lambda: stairs.notes == ["in time None"], LIMIT)
