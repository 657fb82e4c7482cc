"""A call goes on while the broker ends connections and deletes queues, as it does between two of oslo.messaging's own."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from queue import SimpleQueue
from types import ModuleType
from typing import Any

import amqp
import pytest
from rpcgen.runtime import NotSent, Server, Unknown

from tests.conformance.waiting import eventually
from tests.oslo.ours import endpoint
from tests.oslo.processes import OsloClient, OsloServer, their_url
from tests.rabbitd import RabbitServer

Ask = Callable[..., Any]

#: Seconds that a call takes, that it may take longer when it is disturbed, and that oslo.messaging waits before it
#: connects again. Where the broker's tool is slow, a call may be disturbed as late as when its answer is on its way.
WORK, LONGER, RECONNECT = 4.0, 0.5, 1.0

#: Every call has to succeed, and the quickest of so many in time: a machine that has other things to do makes any take longer.
TRIES = 3


def close_connections(rabbit: RabbitServer) -> None:
    rabbit.ctl("close_all_connections", "a test")


def delete_reply_queues(rabbit: RabbitServer) -> None:
    connection = rabbit.connect()
    try:
        for name in rabbit.queues():
            if name.startswith("reply_"):
                connection.channel().queue_delete(name)
    finally:
        connection.close()


DISTURBANCES = [close_connections, delete_reply_queues]


def disturbed(
    rabbit: RabbitServer, call: Callable[[], Any], disturb: Callable[[RabbitServer], None]
) -> bool:
    """A call is disturbed once its handler runs, and succeeds; whether it took as long as it would have."""
    begun = time.monotonic()
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(call)
        eventually(lambda: time.monotonic() > begun + 0.7 or running.done())
        disturb(rabbit)
        was = time.monotonic() - begun
        assert running.result(20.0) == "done"
    took, limit = time.monotonic() - begun, max(WORK, was + RECONNECT) + LONGER
    print(f"{took:.2f} s of {limit:.2f} s, disturbed for {was - 0.7:.2f} s")
    return took < limit


@pytest.mark.timeout(120)
@pytest.mark.parametrize("disturb", DISTURBANCES)
def test_our_client_waits_on(
    rabbit: RabbitServer,
    peer: ModuleType,
    ours: str,
    topic: str,
    serve_theirs: Callable[..., OsloServer],
    disturb: Callable[[RabbitServer], None],
) -> None:
    """For a server of theirs, whose answer then comes; its beats may not, so none are asked for in time.

    It is its first answer: for a connection that it had and lost, oslo.messaging waits a second before it makes another.
    """

    def as_long(at: str) -> bool:
        serve_theirs("host1", topic=at)
        with peer.LabClient(ours, topic=at, timeout=10.0) as client:
            fits = disturbed(rabbit, lambda: client.slow(seconds=WORK), disturb)
            assert client.where() == "host1"
        return fits

    assert any(as_long(f"{topic}-{number}") for number in range(TRIES))


@pytest.mark.timeout(120)
@pytest.mark.parametrize("disturb", DISTURBANCES)
def test_our_server_answers(
    rabbit: RabbitServer,
    serve: Callable[..., Server],
    ask: Ask,
    disturb: Callable[[RabbitServer], None],
) -> None:
    """A client of theirs, once, and goes on serving."""
    server = serve("host1")
    assert ask("where") == "host1"
    tries, fits = 0, False
    while not fits and tries < TRIES:
        tries += 1
        fits = disturbed(rabbit, lambda: ask("slow", args={"seconds": WORK}), disturb)
    assert fits
    assert ask("where") == "host1"
    assert server.serving.counters.handled == tries + 2


def test_a_request_whose_time_is_over_is_not_run(
    rabbit: RabbitServer, serve: Callable[..., Server], client: Any, topic: str
) -> None:
    """It goes from its queue when nobody waits any more."""
    gone = serve("gone")
    assert client.where() == "gone"  # so that the client is connected
    gone.stop()
    assert rabbit.queues()[topic] == 0
    with pytest.raises(TimeoutError):
        client.prepare(timeout=0.3).where()
    eventually(lambda: rabbit.queues()[topic] == 0)
    server = serve("back")
    assert client.where() == "back"
    assert server.serving.counters.received == 1


def test_an_answer_waits_for_its_queue(
    rabbit: RabbitServer, serve: Callable[..., Server], topic: str
) -> None:
    """A client that has lost its queue, and is about to declare it again, gets what was answered meanwhile."""
    server = serve("host1")
    queue = f"reply_{secrets.token_hex(16)}"
    request = {"method": "where", "args": {}, "namespace": "lab", "version": "2.0", "_msg_id": "a"}
    came: list[Any] = []
    connection = rabbit.connect()
    try:
        channel = connection.channel()
        body = json.dumps(request | {"_reply_q": queue})  # which is not there
        message = amqp.Message(body, content_type="application/json")
        channel.basic_publish(message, exchange="peers", routing_key=topic)
        eventually(lambda: server.serving.counters.handled == 1)
        channel.queue_declare(queue, auto_delete=True)
        channel.basic_consume(queue, callback=came.append, no_ack=True)
        end = time.monotonic() + 5.0
        while not came and time.monotonic() < end:
            with suppress(TimeoutError):
                connection.drain_events(timeout=0.5)
    finally:
        connection.close()
    answer = json.loads(json.loads(came[0].body)["oslo.message"])
    assert (answer["_msg_id"], answer["result"]) == ("a", "host1")


@pytest.fixture
def mortal() -> Iterator[RabbitServer]:
    """A node of the test's own."""
    with RabbitServer() as server:
        yield server


@pytest.mark.timeout(180)
def test_all_is_found_again_when_the_broker_was_killed(
    mortal: RabbitServer, peer: ModuleType, topic: str
) -> None:
    """It has forgotten every queue; calls in all directions, and what goes to all, succeed within 6 seconds of its return."""
    ours, noted, old = mortal.url("wire=oslo"), SimpleQueue[str](), f"{topic}-old"
    made, theirs = endpoint(peer, "new", noted.put), their_url(ours)
    served = [{"url": theirs, "server": "old", "topic": old}]
    with (
        Server(ours, endpoints=[made], server="new", topic=topic),
        OsloServer(served),
        OsloClient(theirs) as asker,
        peer.LabClient(ours, topic=topic) as to_ours,
        peer.LabClient(ours, topic=old) as to_theirs,
    ):

        def asked(how: str, method: str, **asked: Any) -> Any:
            return asker.ask(method, how, prepare={"topic": topic, **asked.pop("to", {})}, **asked)

        calls: list[Callable[[], Any]] = [
            lambda: to_ours.prepare(timeout=1.0).where() == "new",
            lambda: to_theirs.prepare(timeout=1.0).where() == "old",
            lambda: asked("call", "where", to={"timeout": 1}) == "new",
        ]
        assert all(call() for call in calls)
        mortal.kill()
        mortal.start()
        began = time.monotonic()
        with ThreadPoolExecutor(len(calls)) as threads:  # each goes on asking until it is answered
            found = [
                threads.submit(eventually, lambda call=call: succeeds(call), 20.0) for call in calls
            ]
        for each in found:
            each.result()
        took = time.monotonic() - began
        for text in ("ours", "theirs"):
            if text == "ours":
                to_ours.prepare(fanout=True).note(text=text)
            else:
                asked("cast", "note", args={"text": text}, to={"fanout": True})
            assert noted.get(timeout=5.0) == text
    print(f"{took:.2f} s")
    assert took <= 6.0


def succeeds(call: Callable[[], bool]) -> bool:
    """Whether a call does; it may be on its way when its connection ends."""
    try:
        return call()
    except (NotSent, Unknown):
        return False
