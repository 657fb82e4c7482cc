"""Calls and casts over a real broker: what only this transport does."""

from __future__ import annotations

import struct
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from types import ModuleType
from typing import Any

import amqp
import msgspec
import pytest
from rpcgen.runtime import AuthError, ConfigurationError, ConnectionLost, NotSent, Server
from rpcgen.runtime.core.codec import MSGPACK
from rpcgen.runtime.drivers.amqp import discover, letters
from rpcgen.runtime.peers import Found
from rpcgen.runtime.url import parse_url

from tests.conformance.lab import Bench, endpoint
from tests.conformance.raw import request
from tests.conformance.waiting import eventually
from tests.rabbitd import RabbitServer


def prefix_of(url: str) -> str:
    return url.rpartition("prefix=")[2]


def serve(lab: ModuleType, url: str, name: str = "s1", bench: Bench | None = None) -> Server:
    return Server(url, server=name, endpoints=[endpoint(lab, bench or Bench(), name)])


def plant(rabbit: RabbitServer, queue: str, frame: bytes, **properties: Any) -> None:
    """Put a message of a stranger into a queue."""
    connection = rabbit.connect()
    message = amqp.Message(frame, content_type=letters.CONTENT_TYPE, **properties)
    connection.channel().basic_publish_confirm(message, routing_key=queue)
    connection.close()


def test_a_call_to_nobody_fails_within_a_second(lab: ModuleType, amqp_url: str) -> None:
    """The broker returns what no queue takes; also a cast, and one to a server that is not there."""
    with lab.LabClient(amqp_url) as client, serve(lab, amqp_url):
        client.add(a=1)
        begun = time.monotonic()
        with pytest.raises(NotSent, match="nobody serves nobody-here"):
            client.prepare(server="nobody-here").report()
        with pytest.raises(NotSent, match="nobody serves nobody-here"):
            client.prepare(server="nobody-here").note(text="x")
        assert time.monotonic() - begun < 1.0


def outcome_of(cast: Callable[[], object]) -> str:
    """The name of the exception, if there is one."""
    try:
        cast()
    except (NotSent, ConnectionLost) as error:
        return type(error).__name__
    return "ok"


def test_fanouts_to_nobody_are_known_to_have_reached_nobody(
    lab: ModuleType, rabbit: RabbitServer
) -> None:
    """Many at once, where there never was a server."""
    url = rabbit.url(f"prefix=test-{time.monotonic_ns()}")
    with lab.LabClient(url, topic="elsewhere") as client, ThreadPoolExecutor(20) as pool:
        everybody = client.prepare(fanout=True)
        casts = [pool.submit(outcome_of, lambda: everybody.note(text="x")) for _ in range(20)]
        assert {cast.result(5.0) for cast in casts} == {"NotSent"}


def test_an_exchange_that_somebody_deletes_costs_only_what_went_there(
    lab: ModuleType, rabbit: RabbitServer
) -> None:
    """A fanout is NotSent then; calls on other channels do not notice."""
    url = rabbit.url(f"prefix=test-{time.monotonic_ns()}")
    with serve(lab, url), lab.LabClient(url) as client, ThreadPoolExecutor(20) as pool:
        everybody = client.prepare(fanout=True)
        everybody.note(text="x")
        connection = rabbit.connect()
        connection.channel().exchange_delete(f"{prefix_of(url)}.fanout/test/lab")
        connection.close()
        napping = pool.submit(lambda: client.nap(seconds=0.5))
        # For a second after it was seen to be there nobody waits to hear that it is.
        eventually(lambda: outcome_of(lambda: everybody.note(text="x")) == "NotSent")
        assert napping.result(5.0) is True
        assert client.add(a=1) == 2


def test_nothing_is_left_on_the_broker(lab: ModuleType, rabbit: RabbitServer) -> None:
    """When clients and servers have closed there is no queue, and no connection."""
    mine = f"test-{time.monotonic_ns()}"
    url = rabbit.url(f"prefix={mine}", f"name={mine}")

    def connections() -> int:
        return sum(mine in said for (said,) in rabbit.listed("connections", "client_properties"))

    for _ in range(3):
        with serve(lab, url), lab.LabClient(url) as client:
            assert client.add(a=1) == 2
            client.prepare(fanout=True).note(text="x")
            eventually(lambda: connections() == 4, 20.0)
    eventually(lambda: not any(name.startswith(mine) for name in rabbit.queues()), 20.0)
    eventually(lambda: connections() == 0, 20.0)


def test_a_request_that_was_delivered_before_is_not_run(
    lab: ModuleType, rabbit: RabbitServer
) -> None:
    """Another server may have run it: its caller is told, at once, and nothing runs twice."""
    url = rabbit.url(f"prefix=test-{time.monotonic_ns()}")
    queue = f"{prefix_of(url)}.call/test/lab"
    bench = Bench()
    connection = rabbit.connect()
    channel = connection.channel()
    channel.exchange_declare(f"{prefix_of(url)}.call", "direct", durable=True, auto_delete=False)
    channel.queue_declare(queue, auto_delete=True)
    channel.queue_bind(queue, f"{prefix_of(url)}.call", queue)
    taken: list[Any] = []
    channel.basic_consume(queue, callback=taken.append)
    with lab.LabClient(url) as client, ThreadPoolExecutor(1) as pool:
        called = pool.submit(lambda: client.both(text="once"))
        while not taken:
            connection.drain_events(timeout=5.0)
        with serve(lab, url, bench=bench) as server:
            connection.collect()  # it goes without an acknowledgement, as a killed server does
            with pytest.raises(ConnectionLost, match="may have run it"):
                called.result(5.0)
            assert bench.notes == []
            assert server.serving.counters.redelivered == 1
            assert client.add(a=1) == 2


def test_an_idempotent_request_is_run_again(lab: ModuleType, rabbit: RabbitServer) -> None:
    """Its interface says that this does no harm."""
    url = rabbit.url(f"prefix=test-{time.monotonic_ns()}")
    queue = f"{prefix_of(url)}.call/test/lab"
    connection = rabbit.connect()
    channel = connection.channel()
    channel.exchange_declare(f"{prefix_of(url)}.call", "direct", durable=True, auto_delete=False)
    channel.queue_declare(queue, auto_delete=True)
    channel.queue_bind(queue, f"{prefix_of(url)}.call", queue)
    taken: list[Any] = []
    channel.basic_consume(queue, callback=taken.append)
    with lab.LabClient(url) as client, ThreadPoolExecutor(1) as pool:
        called = pool.submit(lambda: client.add(a=1))
        while not taken:
            connection.drain_events(timeout=5.0)
        with serve(lab, url) as server:
            connection.collect()
            assert called.result(5.0) == 2
            assert server.serving.counters.redelivered == 0


def test_strangers_messages_are_dropped_and_counted(lab: ModuleType, rabbit: RabbitServer) -> None:
    """Other content, no type, an answer queue that is none of ours: nothing is run, or nothing is written there."""
    url = rabbit.url(f"prefix=test-{time.monotonic_ns()}")
    queue = f"{prefix_of(url)}.call/test/lab"
    frame = MSGPACK.encode(request("add", {"a": 1}))
    victim = rabbit.connect()
    victims = victim.channel()
    victims.queue_declare("victim", exclusive=True)
    with serve(lab, url) as server, lab.LabClient(url) as client:
        plant(rabbit, queue, b"cos\nsystem\n(S'true'\ntR.", type="request")
        plant(rabbit, queue, frame)
        connection = rabbit.connect()
        other = amqp.Message(frame, content_type="application/x-python-serialize", type="request")
        connection.channel().basic_publish_confirm(other, routing_key=queue)
        connection.close()
        plant(rabbit, queue, frame, type="request", reply_to="victim")
        counters = server.serving.counters
        eventually(lambda: counters.unanswered == 1)
        assert (counters.unreadable, counters.received) == (1, 1)
        assert client.add(a=1) == 2
    assert victims.basic_get("victim") is None
    victim.collect()


def nested(depth: int) -> bytes:
    """The properties of a message whose headers are nested so deep."""
    inner = b""
    for _ in range(depth):
        inner = b"\x01aF" + struct.pack(">I", len(inner)) + inner
    return struct.pack(">HI", 0x2000, len(inner)) + inner


def test_headers_without_end_cost_nothing_but_their_message(
    lab: ModuleType, rabbit: RabbitServer
) -> None:
    """What the library cannot read is dropped; the connection, and the calls on it, go on."""
    url = rabbit.url(f"prefix=test-{time.monotonic_ns()}")
    queue = f"{prefix_of(url)}.call/test/lab"
    with serve(lab, url) as server, lab.LabClient(url) as client:
        assert client.add(a=1) == 2
        connection = rabbit.connect()
        for depth in (120, 10_000):
            message = amqp.Message(b"x")
            message._serialize_properties = lambda depth=depth: nested(depth)
            connection.channel().basic_publish_confirm(message, routing_key=queue)
        connection.close()
        eventually(lambda: server._listeners[0].counters["foreign"] == 2)
        assert client.add(a=1) == 2
        assert rabbit.queues()[queue] == 0


def places(found: list[Found]) -> list[tuple[str, str, str]]:
    return [(each.exchange, each.topic, each.server) for each in found]


def test_servers_are_found_by_asking_them(lab: ModuleType, amqp_url: str) -> None:
    """All of them, with their topics; nobody on a prefix that is not used."""
    url = parse_url(amqp_url)
    with serve(lab, amqp_url, "s1"), serve(lab, amqp_url, "s2"):
        # Who takes longer than a quarter of a second to answer is not waited for.
        both = [("test", "lab", "s1"), ("test", "lab", "s2")]
        eventually(lambda: places(discover(url, 2.0)) == both, 20.0)
    assert discover(url, 2.0) == []


def test_a_wrong_password_is_an_error_at_once(lab: ModuleType, rabbit: RabbitServer) -> None:
    """Of its own class for clients, at start for servers; never with the password."""
    url = rabbit.url().replace("tester:", "tester:canary-")
    begun = time.monotonic()
    with lab.LabClient(url) as client, pytest.raises(AuthError) as caught:
        client.add(a=1)
    with pytest.raises(ConfigurationError) as refused:
        serve(lab, url).start()
    assert time.monotonic() - begun < 5.0
    assert "canary" not in str(caught.value) + str(refused.value)


def test_nobody_there_to_connect_to(lab: ModuleType) -> None:
    """A call ends by its deadline, and says what is wrong."""
    with lab.LabClient("amqp://127.0.0.1:1/", timeout=0.5) as client:
        begun = time.monotonic()
        with pytest.raises(NotSent, match="refused"):
            client.add(a=1)
        assert time.monotonic() - begun < 1.0


def test_the_frame_of_a_request_is_as_described(lab: ModuleType, rabbit: RabbitServer) -> None:
    """PROTOCOL.md 6.2: its properties; the body is the frame."""
    url = rabbit.url(f"prefix=test-{time.monotonic_ns()}")
    queue = f"{prefix_of(url)}.call/test/lab"
    connection = rabbit.connect()
    channel = connection.channel()
    channel.exchange_declare(f"{prefix_of(url)}.call", "direct", durable=True, auto_delete=False)
    channel.queue_declare(queue, auto_delete=False)
    channel.queue_bind(queue, f"{prefix_of(url)}.call", queue)
    with lab.LabClient(url) as client:
        with pytest.raises(NotSent):
            client.prepare(server="nobody").report()  # so that the client has its connections
        with pytest.raises(TimeoutError):
            client.prepare(timeout=0.3).report()
    # The request's time is over, and with it the request.
    eventually(lambda: rabbit.queues()[queue] == 0)
    with lab.LabClient(url) as client:
        client.note(text="x")
        message = channel.basic_get(queue, no_ack=True)
    frame = MSGPACK.to_server(message.body)
    assert message.properties["content_type"] == "application/x-rpcgen"
    assert message.properties["type"] == "request"
    assert message.properties["message_id"].partition(".")[0] == frame.id.hex()
    assert 0 < int(message.properties["expiration"]) <= 60_000
    assert message.properties["delivery_mode"] == 1
    assert msgspec.msgpack.decode(message.body)[4] == "note"
    connection.collect()
