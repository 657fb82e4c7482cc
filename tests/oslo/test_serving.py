"""A client of oslo.messaging asks our server."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue
from types import ModuleType
from typing import Any

import pytest
from rpcgen.runtime import BadResult, Context, RemoteError, Server

from tests.compiled import compile_to
from tests.conformance.waiting import eventually
from tests.oslo.ours import endpoint
from tests.oslo.processes import OsloClient, OsloServer
from tests.oslo.recorded import HERE
from tests.oslo.test_asking import VALUES
from tests.packages import import_from

Serve = Callable[..., Server]
Ask = Callable[..., Any]


def test_values_come_back_as_they_left(serve: Serve, ask: Ask) -> None:
    """Arguments and results travel whole, and null is a result like others."""
    serve("host1")
    assert [ask("echo", args={"arg": value}) for value in VALUES] == VALUES
    assert ask("nothing") is None


def test_errors_arrive(serve: Serve, ask: Ask) -> None:
    """As the exceptions that a hand-written server would raise, if their module is allowed; without our traceback."""
    serve("host1")
    for how in ("declared", "moved"):  # raised as the generated class, or still as the old one
        assert ask("fail", args={"how": how}) == {
            "error": "NotFound_Remote",
            "module": "peer_errors_Remote",
            "text": "no such thing",
            "kwargs": {"instance_id": "abc"},
        }
    picky = ask("fail", args={"how": "picky"})
    assert (picky["error"], picky["exc_type"], picky["value"]) == (
        "RemoteError",
        "Picky",
        "1 and 2",
    )
    assert ask("fail", args={"how": "bug"})["error"] == "KeyError"
    busy = ask("fail", args={"how": "busy"})  # its module is not allowed
    assert (busy["error"], busy["exc_type"], busy["value"]) == ("RemoteError", "Busy", "later")


def test_an_exception_of_before_the_move_is_declared(
    peer: ModuleType, serve: Serve, client: Any
) -> None:
    """To generated clients by the name that the file gives it for these peers, whoever raises it."""
    serve("host1")
    with pytest.raises(peer.NotFound, match="no such thing") as caught:
        client.fail(how="moved")
    assert caught.value.instance_id == "abc"


def test_what_cannot_be_sent_is_told_at_once(
    peer: ModuleType, serve: Serve, ask: Ask, client: Any
) -> None:
    """A result, or what an exception was made of: oslo.messaging's own server would let its caller wait."""
    serve("host1")
    begun = time.monotonic()
    bad = ask("fail", args={"how": "result"})
    assert (bad["error"], bad["exc_type"]) == ("RemoteError", "BadResult")
    with pytest.raises(BadResult):
        client.fail(how="result")
    raised = ask("fail", args={"how": "arguments"})  # made again of its text alone
    assert raised["error"] == "NotFound_Remote"
    assert raised["text"].startswith("<object object at")
    with pytest.raises(RemoteError, match="<object object at"):
        client.fail(how="arguments")
    assert time.monotonic() - begun < 2.0


def test_what_nobody_declared_is_refused(serve: Serve, ask: Ask) -> None:
    """By the name of what is wrong, at once."""
    serve("host1")
    bad = ask("echo", args={"wrong": 1})
    assert (bad["error"], bad["exc_type"]) == ("RemoteError", "UnknownArgument")


def test_refusals_arrive(serve: Serve, ask: Ask) -> None:
    """As oslo.messaging's own server words them."""
    serve("host1")
    for prepare in (
        {"version": "2.4"},
        {"version": "3.0"},
        {"version": "1.0"},
        {"namespace": None},
    ):
        told = ask("echo", args={"arg": 1}, **prepare)
        version = prepare.get("version", "2.0")
        assert told["exc_type"] == "UnsupportedVersion"
        assert (
            told["value"]
            == f"Endpoint does not support RPC version {version}. Attempted method: echo"
        )
    told = ask("missing")
    assert (told["exc_type"], told["value"]) == (
        "NoSuchMethod",
        "Endpoint does not support RPC method missing",
    )
    assert ask("echo", args={"arg": 1}, version="2.3") == 1


def test_messages_go_where_they_are_sent(serve: Serve, ask: Ask) -> None:
    """To any server, to one, and to all."""
    noted: SimpleQueue[tuple[str, str]] = SimpleQueue()
    serve("host1", noted)
    serve("host2", noted)
    assert {ask("where") for _ in range(20)} == {"host1", "host2"}
    assert ask("where", server="host2") == "host2"
    assert ask("note", "cast", args={"text": "any"}) is None
    assert noted.get(timeout=5.0)[1] == "any"
    ask("note", "cast", args={"text": "one"}, server="host1")
    assert noted.get(timeout=5.0) == ("host1", "one")
    ask("note", "cast", args={"text": "all"}, fanout=True)
    heard = {noted.get(timeout=5.0), noted.get(timeout=5.0)}
    assert heard == {("host1", "all"), ("host2", "all")}
    assert noted.empty()


def test_the_context_arrives(serve: Serve, ask: Ask) -> None:
    """Member by member."""
    serve("host1")
    context = {"user": "ann", "request_id": "req-1", "roles": ["a", {"b": None}]}
    assert ask("context", context=context) == context


def test_the_caller_s_time_arrives(peer: ModuleType, ours: str, topic: str, ask: Ask) -> None:
    """As long as its message says that it lives; a handler's own calls end with it."""
    seen: SimpleQueue[float | None] = SimpleQueue()
    made = endpoint(peer, "host1", seen=lambda ctx: seen.put(ctx.remaining()))
    with Server(ours, endpoints=[made], server="host1", topic=topic):
        assert ask("where", timeout=5) == "host1"
    remaining = seen.get(timeout=1.0)
    assert remaining is not None
    assert 3.0 < remaining <= 5.0


def test_what_was_given_up_while_it_waited_is_not_run(
    peer: ModuleType, ours: str, topic: str, ask: Ask
) -> None:
    """oslo.messaging's own server would run it, for nobody."""
    made = endpoint(peer, "host1")
    begun, release, slow = threading.Event(), threading.Event(), made.slow

    def held(ctx: Context, *, seconds: float) -> str:
        begun.set()
        release.wait(10.0)
        return str(slow(ctx, seconds=seconds))

    made.slow = held
    with (
        Server(ours, endpoints=[made], server="host1", topic=topic, concurrency=1) as server,
        peer.LabClient(ours, topic=topic) as client,
        ThreadPoolExecutor(2) as pool,
    ):
        running = pool.submit(lambda: client.slow(seconds=0.0))
        assert begun.wait(5.0)
        asked = pool.submit(ask, "where", timeout=1)
        eventually(lambda: server.serving.work.queued == 1)
        threading.Event().wait(1.05)  # the time that it may wait
        assert asked.result(5.0)["error"] == "MessagingTimeout"
        release.set()
        assert running.result(5.0) == "done"
        assert client.where() == "host1"
        assert server.serving.counters.expired == 1


def test_beats_are_sent_to_who_asks_for_them(serve: Serve, ask: Ask) -> None:
    """Also to a caller that bears one second; a caller that did not ask could not bear any."""
    serve("host1")
    assert ask("slow", args={"seconds": 2.3}, call_monitor_timeout=1) == "done"
    assert ask("slow", args={"seconds": 1.2}, call_monitor_timeout=2) == "done"
    assert ask("slow", args={"seconds": 1.2}) == "done"


def test_both_kinds_share_a_topic(
    serve: Serve, serve_theirs: Callable[..., OsloServer], ask: Ask, client: Any
) -> None:
    """While a service moves, old and new servers take turns, and clients of both kinds cannot tell."""
    noted: SimpleQueue[tuple[str, str]] = SimpleQueue()
    serve("new", noted)
    process = serve_theirs("old")
    assert {ask("where") for _ in range(20)} == {"new", "old"}
    assert {client.where() for _ in range(20)} == {"new", "old"}
    for name in ("new", "old"):
        assert ask("where", server=name) == client.prepare(server=name).where() == name
    # One after the other: handlers that run at once end in any order.
    ask("note", "cast", args={"text": "theirs"}, fanout=True)
    assert (noted.get(timeout=5.0)[1], process.hear()["noted"]) == ("theirs", "theirs")
    client.prepare(fanout=True).note(text="ours")
    assert (noted.get(timeout=5.0)[1], process.hear()["noted"]) == ("ours", "ours")
    assert noted.empty()


def test_stopping_fails_no_call(peer: ModuleType, ours: str, topic: str, asker: OsloClient) -> None:
    """Two servers are stopped in turn, again and again: what they were sent they answer, since nobody would send it again."""

    def start(name: str) -> Server:
        server = Server(
            ours, endpoints=[endpoint(peer, name)], server=name, topic=topic, concurrency=2
        )
        server.start()
        return server

    asked = {
        "how": "call",
        "method": "slow",
        "args": {"seconds": 0.02},
        "prepare": {"topic": topic},
    }
    servers, rounds, part = deque([start("s0"), start("s1")]), 6, 60
    try:
        for turn in range(rounds):
            for number in range(part):
                asker.tell({**asked, "id": turn * part + number, "beside": True})
            told = [asker.hear() for _ in range(part // 2)]
            servers.popleft().stop()
            servers.append(start(f"s{turn % 2}"))
            told += [asker.hear() for _ in range(part - len(told))]
            assert [each for each in told if each.get("result") != "done"] == []
    finally:
        for server in servers:
            server.stop()


def test_a_null_namespace_is_none(tmp_path: Path, ours: str, topic: str, ask: Ask) -> None:
    """An interface without one is what callers without one ask for, and nobody else."""
    text = (HERE / "peer.yaml").read_text().replace("peer.lab", "peer.bare")
    (tmp_path / "bare.yaml").write_text(text.replace("namespace: lab", "namespace: null"))
    compile_to(tmp_path, tmp_path / "bare.yaml")
    bare = import_from(tmp_path, "peer_bare")
    made = endpoint(bare, "bare", base="BareEndpoint")
    with Server(ours, endpoints=[made], server="bare", topic=topic):
        assert ask("where", namespace=None) == "bare"
        assert ask("where")["exc_type"] == "UnsupportedVersion"
        with bare.BareClient(ours, topic=topic) as client:
            assert client.where() == "bare"


def test_one_server_speaks_both_wires(peer: ModuleType, ours: str, topic: str, ask: Ask) -> None:
    """By the same handlers, on the same topic: the last step of a move."""
    native = ours.replace("wire=oslo", f"prefix={topic}")
    made = endpoint(peer, "host1")
    with (
        Server([ours, native], endpoints=[made], server="host1", topic=topic),
        peer.LabClient(native, topic=topic) as ours_native,
        peer.LabClient(ours, topic=topic) as ours_oslo,
    ):
        assert ask("where") == ours_native.where() == ours_oslo.where() == "host1"
        for client in (ours_native, ours_oslo):
            with pytest.raises(peer.NotFound):
                client.fail(how="declared")
