"""What is delivered again, and what is to be delivered at least once, where the queues are oslo.messaging's."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue
from types import ModuleType
from typing import Any

import amqp
import pytest
from rpcgen.runtime import ConfigurationError, ConnectionLost, Context, Server

from tests.compiled import compile_to
from tests.conformance.waiting import eventually
from tests.oslo.processes import OsloClient
from tests.packages import INTERFACES, import_from
from tests.rabbitd import RabbitServer


@pytest.fixture(scope="module")
def keep(tmp_path_factory: pytest.TempPathFactory) -> ModuleType:
    """An interface with a cast that is to be delivered at least once."""
    directory: Path = tmp_path_factory.mktemp("keep")
    compile_to(directory, INTERFACES / "keep.yaml")
    return import_from(directory, "test_keep")


def serving(keep: Any, url: str, topic: str, ran: SimpleQueue[str]) -> Server:
    class Keep(keep.KeepEndpoint):  # type: ignore[misc]
        def order(self, ctx: Context, *, ticket: str, seconds: float, fails: int) -> None:
            ran.put(ticket)

        def tell(self, ctx: Context, *, ticket: str) -> None:
            ran.put(ticket)

        def ask(self, ctx: Context, *, ticket: str, seconds: float) -> str:
            ran.put(ticket)
            return ticket

    return Server(url, endpoints=[Keep()], server="s", topic=topic)


def test_a_client_cannot_promise_it(keep: Any, ours: str, topic: str) -> None:
    """Who takes a message from these queues may acknowledge it when it arrives, as hand-written servers do."""
    ran: SimpleQueue[str] = SimpleQueue()
    with serving(keep, ours, topic, ran), keep.KeepClient(ours, topic=topic) as client:
        with pytest.raises(ConfigurationError, match=r"at least once.*without wire=oslo"):
            client.order(ticket="x")
        client.tell(ticket="y")
        assert ran.get(timeout=5.0) == "y"
    assert ran.empty()


def test_the_callers_of_a_killed_server_are_told(
    keep: Any, ours: str, topic: str, rabbit: RabbitServer, asker: OsloClient
) -> None:
    """By the next one, which runs nothing of it: ours as on the native wire, and theirs in the same words."""
    ran: SimpleQueue[str] = SimpleQueue()
    with serving(keep, ours, topic, ran):
        pass  # the queue stays
    taken: list[Any] = []
    connection = rabbit.connect()
    connection.channel().basic_consume(topic, callback=taken.append)
    prepare = {"exchange": "test", "topic": topic, "namespace": "test.keep", "version": "1.0"}
    with keep.KeepClient(ours, topic=topic, timeout=30.0) as client, ThreadPoolExecutor(2) as pool:
        our = pool.submit(client.ask, ticket="ours")
        their = pool.submit(asker.ask, "ask", args={"ticket": "theirs"}, prepare=prepare)
        while len(taken) < 2:
            connection.drain_events(timeout=10.0)
        with serving(keep, ours, topic, ran) as server:
            connection.collect()  # it goes without an acknowledgement, as a killed server does
            with pytest.raises(ConnectionLost, match="may have run it"):
                our.result(5.0)
            told = their.result(5.0)
            assert (told["error"], told["exc_type"]) == ("RemoteError", "ConnectionLost")
            assert server.serving.counters.redelivered == 2
    assert ran.empty()


def test_a_server_runs_again_what_may_run_twice(
    keep: Any, ours: str, topic: str, rabbit: RabbitServer
) -> None:
    """A cast whose server died goes to the next one if its method says at least once, and is lost if it does not."""
    ran: SimpleQueue[str] = SimpleQueue()
    with serving(keep, ours, topic, ran):
        pass  # the queue stays
    connection = rabbit.connect()
    channel = connection.channel()
    for method in ("order", "tell"):
        asked = {"method": method, "version": "1.0", "args": {"ticket": method}}
        body = json.dumps({**asked, "namespace": "test.keep"})
        message = amqp.Message(body, content_type="application/json")
        channel.basic_publish_confirm(message, exchange="test", routing_key=topic)
    for _ in range(2):
        assert channel.basic_get(topic) is not None
    connection.collect()  # it goes without an acknowledgement, as a killed server does
    with serving(keep, ours, topic, ran) as server:
        assert ran.get(timeout=5.0) == "order"
        eventually(lambda: server.serving.counters.redelivered == 1)
    assert ran.empty()
