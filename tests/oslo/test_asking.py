"""Our client asks a server of oslo.messaging."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import amqp
import pytest
from rpcgen.runtime import (
    DeadlineExceeded,
    NotSent,
    RemoteError,
    UnknownMethod,
    VersionRejected,
    use_context,
)

from tests.compiled import compile_to
from tests.conformance.waiting import eventually, quickest
from tests.oslo.conftest import WATCHED
from tests.oslo.processes import OsloServer
from tests.oslo.recorded import HERE
from tests.packages import import_from
from tests.rabbitd import RabbitServer

Start = Callable[..., OsloServer]

VALUES: list[Any] = [
    None,
    True,
    0,
    -1,
    2**53,
    1.5,
    "",
    "\xe9\u20ac\U0001f600",
    "a" * 100_000,
    [],
    {},
    [[1], {"a": [None]}],
    {"": 0},
]


@pytest.fixture(scope="module")
def newer(tmp_path_factory: pytest.TempPathFactory) -> ModuleType:
    """The package of an interface that is newer than what the other side serves."""
    directory = tmp_path_factory.mktemp("newer")
    text = (HERE / "peer.yaml").read_text()
    text = text.replace('version: "2.3"', 'version: "2.4"').replace("peer.lab", "peer.newer")
    text += '  newest: {call: any, since: "2.4"}\n  missing: {call: any, timeout: long}\n'
    (directory / "newer.yaml").write_text(text)
    compile_to(directory, directory / "newer.yaml")
    return import_from(directory, "peer_newer")


def test_values_come_back_as_they_left(client: Any, serve_theirs: Start) -> None:
    """Arguments and results travel whole, and null is a result like others."""
    serve_theirs("host1")
    assert [client.echo(arg=value) for value in VALUES] == VALUES
    assert client.nothing() is None


async def test_asyncio_clients_do_the_same(
    peer: ModuleType, ours: str, topic: str, serve_theirs: Start
) -> None:
    """Both worlds speak this wire."""
    serve_theirs("host1")
    async with peer.AsyncLabClient(ours, topic=topic, timeout=10.0) as client:
        assert [await client.echo(arg=value) for value in VALUES] == VALUES
        with pytest.raises(peer.NotFound):
            await client.fail(how="declared")


def test_errors_arrive(peer: ModuleType, client: Any, serve_theirs: Start) -> None:
    """A declared error as its class, with its fields; any other as RemoteError."""
    serve_theirs("host1")
    with pytest.raises(peer.NotFound, match="no such thing") as caught:
        client.fail(how="declared")
    assert caught.value.instance_id == "abc"
    for how, type_name in (("bug", "KeyError"), ("picky", "Picky")):
        with pytest.raises(RemoteError) as other:
            client.fail(how=how)
        assert (type(other.value), other.value.type_name) == (RemoteError, type_name)


def test_refusals_arrive(newer: ModuleType, ours: str, topic: str, serve_theirs: Start) -> None:
    """What the other side is too old for, or does not have, is refused at once, by our names for it."""
    serve_theirs("host1")
    with newer.NewerClient(ours, topic=topic, timeout=5.0) as client:
        begun = time.monotonic()
        with pytest.raises(VersionRejected):
            client.newest()
        assert client.prepare(pin="2.3").newer(more="x") == "newer x"
        assert time.monotonic() - begun < 2.0


def test_an_unknown_method_is_refused(client: Any, peer: ModuleType, serve_theirs: Start) -> None:
    """A method that a hand-written server does not have."""
    serve_theirs("host1")
    call = client.echo
    method = next(each for each in peer.INTERFACE.methods if each.name == "echo")
    method.name = "missing"
    try:
        with pytest.raises(UnknownMethod):
            call(arg=1)
    finally:
        method.name = "echo"


def test_beats_without_end_are_passed_over(
    newer: ModuleType, ours: str, topic: str, serve_theirs: Start
) -> None:
    """oslo.messaging's server refuses a monitored call of a method that it does not have, and beats for it for ever."""
    serve_theirs("host1")
    with newer.NewerClient(ours, topic=topic, timeout=5.0, profiles=WATCHED) as client:
        with pytest.raises(UnknownMethod):
            client.missing()
        counters = client._transport.counters
        assert client.slow(seconds=2.6) == "done"
        # The client takes what has come when it is used.
        eventually(lambda: client.where() == "host1" and counters.late >= 2)


_ANSWER = {"result": "stray", "failure": None, "ending": True}

#: What belongs to no call: answers to what nobody asked, and what is no answer.
STRAYS: list[Any] = [
    *({"_msg_id": msg_id, **_ANSWER} for msg_id in ("f" * 32, "", "no hexadecimal", None, 7)),
    _ANSWER,
    [],
    {"oslo.version": "3.0", "oslo.message": json.dumps({"_msg_id": "f" * 32, **_ANSWER})},
    {"oslo.version": "2.0", "oslo.message": "no JSON"},
    b"",
    b"\xff\xfe",
]


@dataclass(frozen=True)
class Old:
    """A server from before envelopes, which answers in two parts and what nobody asked."""

    rabbit: RabbitServer
    topic: str

    def serve(self, ready: threading.Event) -> None:
        """Answer one call of `where`."""
        connection = self.rabbit.connect()
        try:
            channel = connection.channel()
            channel.exchange_declare("peers", "topic", durable=False, auto_delete=False)
            channel.queue_declare(self.topic, durable=False, auto_delete=False)
            channel.queue_bind(self.topic, "peers", self.topic)
            taken: list[Any] = []
            channel.basic_consume(self.topic, callback=taken.append, no_ack=True)
            ready.set()
            while not taken:
                connection.drain_events(timeout=10.0)
            asked = json.loads(json.loads(taken[0].body)["oslo.message"])
            first = {"_msg_id": asked["_msg_id"], "result": "old", "failure": None, "ending": False}
            answers = (*STRAYS, first, first | {"result": None, "ending": True}, STRAYS[0])
            for answer in answers:
                body = answer if isinstance(answer, bytes) else json.dumps(answer)
                message = amqp.Message(
                    body, content_type="application/json", content_encoding="utf-8"
                )
                channel.basic_publish_confirm(message, routing_key=asked["_reply_q"])
        finally:
            connection.close()


def test_old_servers_are_understood(client: Any, topic: str, rabbit: RabbitServer) -> None:
    """Answers in two parts and without an envelope; what is for nobody costs a count."""
    ready = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        serving = pool.submit(Old(rabbit, topic).serve, ready)
        assert ready.wait(10.0)
        assert client.where() == "old"
        serving.result(10.0)
    assert client._transport.counters.late >= 1


def test_messages_go_where_they_are_sent(client: Any, serve_theirs: Start) -> None:
    """To any server, to one, and to all."""
    process = serve_theirs("host1", "host2")
    assert {client.where() for _ in range(20)} == {"host1", "host2"}
    assert client.prepare(server="host2").where() == "host2"
    client.note(text="any")
    assert process.hear()["noted"] == "any"
    client.prepare(server="host1").note(text="one")
    assert process.hear() == {"noted": "one", "server": "host1"}
    client.prepare(fanout=True).note(text="all")
    heard = sorted([process.hear(), process.hear()], key=lambda note: note["server"])
    assert heard == [{"noted": "all", "server": name} for name in ("host1", "host2")]


def test_the_context_arrives(client: Any, serve_theirs: Start) -> None:
    """With the request id where the other side looks for it."""
    serve_theirs("host1")
    with use_context(request_id="req-1", fields={"user": "ann", "roles": ["a"]}):
        got = client.prepare(context={"tenant": 5}).context()
    assert got == {"user": "ann", "roles": ["a"], "tenant": 5, "request_id": "req-1"}


def test_a_long_call_is_kept_alive(client: Any, serve_theirs: Start) -> None:
    """The other side beats while it works, so a call outlasts the silence that its caller bears."""
    serve_theirs("host1")
    begun = time.monotonic()
    assert client.slow(seconds=2.6) == "done"
    assert time.monotonic() - begun < 3.5


def test_a_topic_that_nobody_serves(client: Any) -> None:
    """Is told at once, and not at the deadline."""
    begun = time.monotonic()
    with pytest.raises(NotSent):
        client.where()
    with pytest.raises(NotSent):
        client.note(text="lost")
    assert time.monotonic() - begun < 2.0


def test_the_peer_s_silence_ends_at_the_deadline(client: Any, serve_theirs: Start) -> None:
    """A result that oslo.messaging cannot send is logged there, and its caller told nothing."""
    serve_theirs("host1")
    assert client.where() == "host1"  # so that it is connected

    def ask() -> None:
        with pytest.raises(DeadlineExceeded):
            client.prepare(timeout=0.5).fail(how="result")

    assert quickest(ask, 1.0) < 1.0
    assert client.where() == "host1"
