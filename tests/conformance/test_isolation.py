"""One bad message, handler or caller costs nobody else anything."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import pytest
from rpcgen.runtime import BadResult, ConfigurationError, Opaque, RemoteError, Target, use_context
from rpcgen.runtime.core.codec import MSGPACK
from rpcgen.runtime.core.envelope import CAST, Cancel, Refusal, Reply

from tests.conformance.conftest import Lab
from tests.conformance.raw import RawClient, request
from tests.conformance.waiting import eventually

Connect = Callable[[], RawClient]


@pytest.fixture
def connect(labs: Lab) -> Iterator[Connect]:
    """Opens raw clients of the lab's servers."""
    opened: list[RawClient] = []

    def made() -> RawClient:
        opened.append(RawClient(labs.urls[-1], Target("test", "lab")))
        return opened[-1]

    yield made
    for client in opened:
        client.close()


def test_a_refusal_that_the_handler_met_is_not_its_own(labs: Lab) -> None:
    """A handler that lets a refusal by another server escape has run: the call fails, and is not run elsewhere."""
    client = labs.open(servers=2)
    with pytest.raises(RemoteError, match="another server"):
        client.fail(how="refused")
    failed = [server.serving.counters.failed for server in labs.servers]
    assert sorted(failed) == [0, 1]


@pytest.mark.native
def test_a_call_cancelled_before_its_handler_begins_frees_its_place(
    labs: Lab, connect: Connect
) -> None:
    """Requests that are cancelled in the same breath leave the server as it was."""
    labs.open(concurrency=2)
    raw = connect()
    for _ in range(50):
        message = request("nap", {"seconds": 20.0})
        raw.send(MSGPACK.encode(message))
        raw.send(MSGPACK.encode(Cancel(message.id)))
    work = labs.servers[0].serving.work
    eventually(lambda: labs.servers[0].serving.counters.cancelled == 50)
    eventually(lambda: work.held == 0)
    assert isinstance(raw.ask(request("add", {"a": 1})), Reply)


@pytest.mark.native
def test_an_answer_that_may_not_travel_is_dropped(labs: Lab, connect: Connect) -> None:
    """A server whose limit is below its own refusals and errors goes on."""
    labs.open(servers=0)
    if not labs.urls[0].startswith("memory"):
        pytest.skip("ZeroMQ's limit is also one for requests")
    url = labs.urls[0] + ("&" if "?" in labs.urls[0] else "?") + "max_message=80"
    server = labs.worlds.server(url, server="s1", endpoints=[labs.endpoint("s1")])
    raw = connect()
    raw.send(MSGPACK.encode(request("\N{GRINNING FACE}" * 40)))
    raw.send(MSGPACK.encode(request("fail", {"how": "x" * 100})))
    raw.send(MSGPACK.encode(request("fail", {"how": "\N{GRINNING FACE}" * 45})))
    eventually(lambda: server.serving.counters.unanswered == 3)
    for _ in range(3):
        raw.send(MSGPACK.encode(request("add", {"a": 1})))
    eventually(lambda: server.serving.counters.handled == 3)


@pytest.mark.native
def test_long_names_from_the_wire_stay_short_in_logs(
    labs: Lab, connect: Connect, caplog: pytest.LogCaptureFixture
) -> None:
    """A name of a megabyte, or a deep path, costs one log line of ordinary length, and a short path."""
    labs.open()
    raw = connect()
    name = "a" * 1_000_000
    answer = raw.ask(request("add", {"a": 1, name: 2}))
    assert isinstance(answer, Refusal)
    assert len(answer.path or "") < 100
    tree: Any = {"value": 1, name: 1}
    for _ in range(200):
        tree = {"value": 1, "children": [tree]}
    for method, arguments in (
        ("note", {name: "x"}),
        ("both", {"text": "x", name: 2}),
    ):
        raw.send(MSGPACK.encode(request(method, arguments, how=CAST)))
    answer = raw.ask(request("echo", {"everything": {"tree": tree}}))
    assert isinstance(answer, Refusal)
    assert len(answer.path or "") <= 1024
    eventually(lambda: labs.servers[0].serving.work.held == 0)
    lines = [r.getMessage() for r in caplog.records if r.levelno >= logging.WARNING]
    assert len(lines) == 2
    assert all(len(line) < 2000 for line in lines)


class Broken:
    """A codec whose `encode` fails in a way of its own."""

    type = dict

    def encode(self, value: Any) -> tuple[str, Any]:
        raise KeyError("pixels")

    def decode(self, version: str, data: Any) -> Any:
        return data


def test_a_codec_that_fails_is_the_handlers_failure(labs: Lab) -> None:
    """Whatever a codec raises for a result, the caller gets BadResult, and the server goes on."""
    package = labs.package
    client = labs.open(servers=0)
    endpoint = labs.endpoint("s1")
    bad = {"keep": lambda self, ctx, *, blob, more: {}}
    if labs.worlds.server_world == "asyncio":

        async def keep(self: Any, ctx: Any, *, blob: Any, more: Any) -> Any:
            return {}

        bad = {"keep": keep}  # type: ignore[dict-item]
    served = type("Bad", (type(endpoint),), bad)()
    labs.worlds.server(
        labs.urls[0],
        server="s1",
        endpoints=[served],
        codecs={package.Blob: Broken()},
        concurrency=1,
    )
    blob = {"name": "Blob", "version": "1", "data": 1}
    with pytest.raises(BadResult, match="pixels"):
        client.keep(blob=msgspec.convert(blob, Opaque), more=[])
    assert client.add(a=1) == 2


@pytest.mark.parametrize(
    "fields", [{"a": object()}, {1: "a"}, {"a": {1, object()}}, {"a": "\ud800"}]
)
def test_a_context_that_cannot_travel_is_refused_where_it_is_given(
    labs: Lab, fields: dict[Any, Any]
) -> None:
    """User fields that no server could read are the caller's mistake, and leave no trace in the client."""
    client = labs.open()
    with pytest.raises(ConfigurationError, match="context"):
        client.prepare(context=fields).add(a=1)
    transport = getattr(client, "_thing", client)._transport
    assert not transport._calls.pending
    assert client.add(a=1) == 2


def test_surroundings_that_cannot_travel_are_refused() -> None:
    """A request id or a trace that servers would drop is an error where it is given."""
    wrong: list[dict[str, Any]] = [
        {"request_id": "x" * 1025},
        {"request_id": 7},
        {"request_id": "\ud800"},
        {"trace": ("00-a",)},
        {"trace": ("x" * 1025, "")},
        {"timeout": float("nan")},
    ]
    for given in wrong:
        with pytest.raises(ConfigurationError), use_context(**given):
            pass


@pytest.mark.parametrize("timeout", [30 * 86400.0, 1e12, 9.2e18])
def test_very_long_timeouts_are_no_errors(labs: Lab, timeout: float) -> None:
    """Whoever waits for months, first in line or behind another, gets the answer."""
    client = labs.open().prepare(timeout=timeout)
    ended: list[bool] = []
    naps = [threading.Thread(target=lambda: ended.append(client.nap(seconds=20.0))) for _ in "ab"]
    for nap in naps:
        nap.start()
    eventually(lambda: labs.servers[0].serving.work.running == 2)
    labs.bench.release.set()
    for nap in naps:
        nap.join(5.0)
    assert ended == [True, True]
