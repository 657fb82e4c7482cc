"""Answers that share a message: who gets them so, what becomes of them, and what a client reads of hostile ones."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from types import ModuleType
from typing import Any

import amqp as _amqp
import msgspec
import pytest
from rpcgen.runtime import NotSent, Target
from rpcgen.runtime.bundles import MAX_BYTES, unpack
from rpcgen.runtime.core.codec import MSGPACK
from rpcgen.runtime.core.envelope import Reply
from rpcgen.runtime.deliveries import Caller
from rpcgen.runtime.drivers.amqp import letters, listen_async
from rpcgen.runtime.drivers.amqp.bundles import bundled
from rpcgen.runtime.drivers.amqp.letters import Bundle
from rpcgen.runtime.drivers.amqp.message import Properties
from rpcgen.runtime.drivers.amqp.track import Parcel
from rpcgen.runtime.errors import RpcgenError
from rpcgen.runtime.url import parse_url

from tests.conformance.waiting import eventually
from tests.rabbitd import RabbitServer

amqp: Any = _amqp

Settled = Callable[[RpcgenError | None], None]


# --- what is joined ---------------------------------------------------------------------------------------------------


def parcel(queue: str, frame: bytes, label: str | None, settled: Settled | None = None) -> Parcel:
    """An answer; without a label one that travels alone."""
    return Parcel(
        "",
        queue,
        frame,
        lambda number: Properties(),
        settled or (lambda error: None),
        again=True,
        shared=None if label is None else Bundle(label),
    )


def frames_of(parcels: list[Parcel]) -> list[tuple[str, list[bytes]]]:
    """Where each goes, and what is in it."""
    return [
        (each.key, [each.frame] if each.frame.isalpha() else unpack(each.frame)) for each in parcels
    ]


def test_answers_of_one_queue_and_label_leave_together() -> None:
    """Where the first of them was, in their order; what may not share, or has nobody to share with, stays as it is."""
    alone = [parcel("q", b"e", None), parcel("q", b"h", "2"), parcel("r", b"i", None)]
    given = [
        parcel("q", b"a", "1"),
        parcel("r", b"b", "1"),
        alone[0],
        parcel("q", b"c", "1"),
        alone[1],
        parcel("r", b"d", "1"),
        alone[2],
    ]
    found = bundled(given, MAX_BYTES)
    assert frames_of(found) == [
        ("q", [b"a", b"c"]),
        ("r", [b"b", b"d"]),
        ("q", [b"e"]),
        ("q", [b"h"]),
        ("r", [b"i"]),
    ]
    assert found[2:] == alone
    assert all(each.again for each in found)
    assert found[0].properties(7) == Properties(
        content_type=letters.CONTENT_TYPE,
        type=letters.ANSWERS,
        message_id=".7",
        correlation_id="1",
    )
    # What comes back to be published again stays as it is.
    assert bundled(found, MAX_BYTES) == found


def test_a_bundle_is_no_larger_than_it_may_be() -> None:
    """What is more is in the next one, and what is too large for company alone."""
    given = [parcel("q", letter * 10, "1") for letter in (b"a", b"b", b"c")]
    assert [len(frames) for _, frames in frames_of(bundled(given, 20))] == [2, 1]
    assert bundled(given, 10) == given
    assert bundled(given, 0) == given


def test_what_becomes_of_a_bundle_becomes_of_each_answer() -> None:
    """Once."""
    said: list[tuple[str, RpcgenError | None]] = []

    def noting(name: str) -> Settled:
        return lambda error: said.append((name, error))

    (joined,) = bundled([parcel("q", b"x", "1", noting(name)) for name in "ab"], MAX_BYTES)
    gone = NotSent("gone")
    joined.settled(gone)
    assert said == [("a", gone), ("b", gone)]


# --- a server, and strangers that ask it -------------------------------------------------------------------------------


class Strangers:
    """Clients of another make, on one connection."""

    def __init__(self, rabbit: RabbitServer, prefix: str) -> None:
        self._connection = rabbit.connect()
        self._channel = self._connection.channel()
        self._prefix = prefix

    def queue(self, name: str) -> str:
        """One for answers."""
        queue = f"{self._prefix}.reply/{name}"
        self._channel.queue_declare(queue, exclusive=True)
        return queue

    def ask(self, frame: bytes, reply_to: str, label: str = "1", **properties: str) -> None:
        message = amqp.Message(
            frame,
            content_type=letters.CONTENT_TYPE,
            type=letters.REQUEST,
            reply_to=reply_to,
            correlation_id=label,
            **properties,
        )
        self._channel.basic_publish(message, routing_key=f"{self._prefix}.call/test/lab")

    def delete(self, queue: str) -> None:
        self._channel.queue_delete(queue)

    async def answers(self, queue: str, count: int) -> list[tuple[str, list[bytes]]]:
        """The next messages there: the type of each, and its frames."""
        found: list[tuple[str, list[bytes]]] = []
        async with asyncio.timeout(20.0):
            while len(found) < count:
                message = self._channel.basic_get(queue, no_ack=True)
                if message is None:
                    await asyncio.sleep(0.01)  # the server's loop is this one
                    continue
                kind, body = message.properties["type"], message.body
                found.append((kind, [body] if kind == "answer" else unpack(body)))
        assert self._channel.basic_get(queue, no_ack=True) is None
        return found

    def close(self) -> None:
        self._connection.close()


class Answering:
    """A server that answers when it is told to, all at once."""

    def __init__(self, url: str) -> None:
        self._listener = listen_async(parse_url(url), [Target("test", "lab")], "s1")
        self._asked: list[tuple[Caller, bytes]] = []
        self.counters = self._listener.counters
        self.unsent = 0

    @asynccontextmanager
    async def started(self) -> AsyncIterator[Answering]:
        def unsent() -> None:
            self.unsent += 1

        self._listener.arrived = lambda caller, frame: self._asked.append((caller, frame))
        self._listener.unsent = unsent
        await self._listener.start()
        owner = self._listener._desk._publisher.owner
        try:
            async with asyncio.timeout(20.0):
                while owner._stint is None or not owner._stint.begun:
                    await asyncio.sleep(0.01)  # until then a thread may take what is there
            yield self
        finally:
            await self._listener.close()

    async def answer(self, count: int) -> None:
        """Echo so many requests, in one pass of the loop."""
        async with asyncio.timeout(20.0):
            while len(self._asked) < count:
                await asyncio.sleep(0.01)  # the listener tells us, and nobody else
        for caller, frame in self._asked:
            assert self._listener.send(caller, frame)
        self._asked.clear()


@pytest.fixture
def prefix() -> str:
    return f"test-{time.monotonic_ns()}"


@pytest.fixture
def strangers(rabbit: RabbitServer, prefix: str) -> Iterator[Strangers]:
    made = Strangers(rabbit, prefix)
    yield made
    made.close()


async def test_who_takes_bundles_gets_them_and_nobody_else(
    strangers: Strangers, rabbit: RabbitServer, prefix: str
) -> None:
    """Each client's answers in one message, but those with another label; a client that says nothing gets one by one."""
    new, old = strangers.queue("new"), strangers.queue("old")
    async with Answering(rabbit.url(f"prefix={prefix}")).started() as server:
        for number in range(4):
            strangers.ask(b"n%d" % number, new, app_id="bundles")
            strangers.ask(b"o%d" % number, old)
            strangers.ask(b"p%d" % number, old, app_id="something")
        strangers.ask(b"other", new, label="2", app_id="bundles")
        await server.answer(13)
        assert await strangers.answers(new, 2) == [
            ("answers", [b"n0", b"n1", b"n2", b"n3"]),
            ("answer", [b"other"]),
        ]
        assert await strangers.answers(old, 8) == [
            ("answer", [b"%c%d" % (letter, number)]) for number in range(4) for letter in b"op"
        ]
        strangers.ask(b"alone", new, app_id="bundles")
        await server.answer(1)
        assert await strangers.answers(new, 1) == [("answer", [b"alone"])]


async def test_no_bundle_is_larger_than_a_servers_largest_message(
    strangers: Strangers, rabbit: RabbitServer, prefix: str
) -> None:
    """Its broker may take no larger one."""
    queue = strangers.queue("new")
    url = rabbit.url(f"prefix={prefix}", "max_message=1000")
    async with Answering(url).started() as server:
        for letter in (b"a", b"b", b"c"):
            strangers.ask(letter * 400, queue, app_id="bundles")
        await server.answer(3)
        found = await strangers.answers(queue, 2)
    assert [(kind, [len(frame) for frame in frames]) for kind, frames in found] == [
        ("answers", [400, 400]),
        ("answer", [400]),
    ]


async def test_a_bundle_that_comes_back_counts_as_each_of_its_answers(
    strangers: Strangers, rabbit: RabbitServer, prefix: str
) -> None:
    """Nobody reads that queue any more."""
    queue = strangers.queue("new")
    async with Answering(rabbit.url(f"prefix={prefix}")).started() as server:
        for number in range(3):
            strangers.ask(b"%d" % number, queue, app_id="bundles")
        strangers.delete(queue)
        await server.answer(3)
        async with asyncio.timeout(20.0):
            while server.unsent < 3:
                await asyncio.sleep(0.01)
        assert server.counters["unreachable"] == 3


# --- a client, and a stranger that answers it ---------------------------------------------------------------------------


@contextmanager
def stranger(rabbit: RabbitServer, prefix: str) -> Iterator[tuple[Any, list[Any]]]:
    """A server of another make: its channel, and the requests that came."""
    connection = rabbit.connect()
    channel = connection.channel()
    queue, exchange = f"{prefix}.call/test/lab", f"{prefix}.call"
    channel.exchange_declare(exchange, "direct", durable=True, auto_delete=False)
    channel.queue_declare(queue, auto_delete=True)
    channel.queue_bind(queue, exchange, queue)
    asked: list[Any] = []
    channel.basic_consume(queue, no_ack=True, callback=asked.append)
    try:
        yield channel, asked
    finally:
        connection.close()


def asked_for(channel: Any, asked: list[Any], count: int) -> list[Any]:
    """So many requests, in the order of their argument."""
    while len(asked) < count:
        channel.connection.drain_events(timeout=10.0)
    return sorted(asked, key=lambda message: bytes(MSGPACK.to_server(message.body).body))


def reply(request: Any, result: object) -> bytes:
    """The frame that answers a request."""
    said = MSGPACK.to_server(request.body)
    return MSGPACK.encode(Reply(said.id, msgspec.Raw(msgspec.msgpack.encode(result))))


def send(channel: Any, to: Any, body: bytes, kind: str = "answers") -> None:
    """An answer of that type to whoever sent a request."""
    message = amqp.Message(
        body,
        content_type=letters.CONTENT_TYPE,
        type=kind,
        correlation_id=to.properties["correlation_id"],
    )
    channel.basic_publish(message, routing_key=to.properties["reply_to"])


def foreign(client: Any) -> int:
    count: int = client._transport._driver.counters["foreign"]
    return count


def test_a_client_says_that_it_takes_bundles_and_does(
    lab: ModuleType, rabbit: RabbitServer, prefix: str
) -> None:
    """Each frame is an answer, also beside one that is none; and it reads answers that come alone."""
    with (
        stranger(rabbit, prefix) as (channel, asked),
        lab.LabClient(rabbit.url(f"prefix={prefix}")) as client,
        ThreadPoolExecutor(3) as pool,
    ):
        calls = [pool.submit(client.prepare(timeout=20.0).add, a=number) for number in range(3)]
        one, two, three = asked_for(channel, asked, 3)
        assert {each.properties["app_id"] for each in asked} == {"bundles"}
        send(channel, one, msgspec.msgpack.encode([reply(one, 10), b"\xc1", reply(three, 30)]))
        assert [calls[0].result(20.0), calls[2].result(20.0)] == [10, 30]
        send(channel, two, reply(two, 20), "answer")
        assert calls[1].result(20.0) == 20
        assert foreign(client) == 0


def test_a_client_takes_nothing_of_a_bundle_that_breaks_a_rule(
    lab: ModuleType, rabbit: RabbitServer, prefix: str
) -> None:
    """It counts the message, and waits on; so with a bundle whose label is not its own."""
    with (
        stranger(rabbit, prefix) as (channel, asked),
        lab.LabClient(rabbit.url(f"prefix={prefix}")) as client,
        ThreadPoolExecutor(1) as pool,
    ):
        call = pool.submit(client.prepare(timeout=20.0).add, a=1)
        (request,) = asked_for(channel, asked, 1)
        good = reply(request, 2)
        hostile = [b"", good, msgspec.msgpack.encode([good]), msgspec.msgpack.encode([good, b""])]
        for body in hostile:
            send(channel, request, body)
        eventually(lambda: foreign(client) == len(hostile))
        body = msgspec.msgpack.encode([good, good])
        message = amqp.Message(
            body, content_type=letters.CONTENT_TYPE, type="answers", correlation_id="no label"
        )
        channel.basic_publish(message, routing_key=request.properties["reply_to"])
        eventually(lambda: foreign(client) == len(hostile) + 1)
        assert not call.done()
        send(channel, request, body)
        assert call.result(20.0) == 2


def test_a_client_takes_each_bundle_and_no_frame_that_is_too_large(
    lab: ModuleType, rabbit: RabbitServer, prefix: str
) -> None:
    """However small its `max_message` is: that is about frames."""
    url = rabbit.url(f"prefix={prefix}", "max_message=1000")
    with (
        stranger(rabbit, prefix) as (channel, asked),
        lab.LabClient(url) as client,
        ThreadPoolExecutor(1) as pool,
    ):
        call = pool.submit(client.prepare(timeout=20.0).add, a=1)
        (request,) = asked_for(channel, asked, 1)
        good = reply(request, 2)
        send(channel, request, bytes(1001), "answer")
        send(channel, request, msgspec.msgpack.encode([bytes(1001)] * 40 + [good]))
        assert call.result(20.0) == 2
        assert foreign(client) == 41
