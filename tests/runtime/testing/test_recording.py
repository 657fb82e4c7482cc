"""The transports that record instead of sending."""

from __future__ import annotations

import asyncio
from types import ModuleType
from typing import Any

import pytest
from rpcgen.runtime import (
    AsyncTransport,
    BadUrl,
    ConfigurationError,
    InvalidTarget,
    MistypedArgument,
    Target,
    Transport,
)
from rpcgen.runtime.testing import AsyncRecordingTransport, Recorded, RecordingTransport

from tests.conformance.test_calls import Data, PictureCodec


def test_a_call_is_recorded_with_all_that_would_travel(lab: ModuleType) -> None:
    """Target, kind, method, version, arguments, timeout and context, and nothing is sent."""
    transport = RecordingTransport()
    transport.answer("add", 5)
    client = lab.LabClient(transport)
    prepared = client.prepare(server="s1", timeout=3, context={"user": "ann"})
    assert prepared.add(a=2, b=3) == 5
    (message,) = transport.messages
    assert message.timeout is not None
    assert 2.5 < message.timeout <= 3.0
    assert message == Recorded(
        target=Target("test", "lab", server="s1"),
        kind="call",
        namespace="test.lab",
        method="add",
        version=(1, 0),
        reader=3,
        arguments={"a": 2, "b": 3},
        timeout=message.timeout,
        context={"user": "ann"},
    )


def test_a_fanout_is_recorded(lab: ModuleType) -> None:
    """Casts say what they would have reached."""
    transport = RecordingTransport()
    sent = lab.LabClient(transport).prepare(fanout=True).note(text="x")
    assert sent.peers == ("every server of test/lab",)
    assert (transport.messages[0].kind, transport.messages[0].target.fanout) == ("cast", True)
    transport.clear()
    assert transport.messages == []


def test_the_version_is_that_of_what_is_in_the_message(lab: ModuleType) -> None:
    """A newer argument raises the version only when it is set, and is left out otherwise."""
    transport = RecordingTransport()
    transport.answer("greet", "hello")
    transport.answer("newer", "n")
    client = lab.LabClient(transport)
    client.greet(name=None)
    client.greet(name="a", from_="b")
    client.newer()
    assert [(m.version, m.arguments) for m in transport.messages] == [
        ((1, 0), {"name": None, "greeting": "hello"}),
        ((1, 2), {"name": "a", "greeting": "hello", "from": "b"}),
        ((1, 3), {}),
    ]


def test_answers_are_values_errors_or_functions(lab: ModuleType) -> None:
    """What a method answers is said by the test; without, a method with a result says how."""
    transport = RecordingTransport()
    client = lab.LabClient(transport)
    with pytest.raises(LookupError, match=r"transport\.answer\('add', value\)"):
        client.add(a=1)
    assert client.both(text="x") is None
    transport.answer("add", lambda message: message.arguments["a"] * 10)
    assert client.add(a=4) == 40
    transport.answer("fail", lab.Broken("no", part="p"))
    with pytest.raises(lab.Broken):
        client.fail(how="x")


def test_mistakes_are_found_as_with_a_real_transport(lab: ModuleType) -> None:
    """Arguments and destinations are checked before anything is recorded."""
    transport = RecordingTransport()
    client = lab.LabClient(transport)
    with pytest.raises(MistypedArgument):
        client.add(a="1")
    with pytest.raises(InvalidTarget):
        client.to_host(first=None, rest=[])
    assert transport.messages == []


def test_scripted_answers_go_through_the_programs_codecs(lab: ModuleType) -> None:
    """An opaque answer is packed and unpacked as a server's would be, a dataclass included."""
    transport = RecordingTransport()
    client = lab.LabClient(transport, codecs={lab.Blob: PictureCodec(Data)})
    transport.answer("keep", Data([1, 2]))
    assert client.keep(blob=Data([]), more=[]) == Data([1, 2])
    assert transport.messages[0].arguments["blob"] == {"name": "Blob", "version": "2.0", "data": []}


async def test_asyncio_clients_record_too(lab: ModuleType) -> None:
    """The same in the other world."""
    transport = AsyncRecordingTransport()
    transport.answer("add", 1)
    client = lab.AsyncLabClient(transport)
    assert await client.add(a=1) == 1
    await client.note(text="x")
    assert [message.method for message in transport.messages] == ["add", "note"]


PLUGIN_TEST = """
import pytest
from rpcgen.runtime import AsyncServer, ConfigurationError
from test_lab import AsyncLabClient, LabClient
from tests.conformance.lab import Bench, async_endpoint, endpoint
import test_lab as lab

def test_blocking(rpcgen_serve, rpcgen_url):
    url = rpcgen_serve(endpoint(lab, Bench(), "a"), server="a")
    assert url == rpcgen_url
    with LabClient(url) as client:
        assert client.add(a=1) == 2

def test_coroutine_endpoint_and_recorder(rpcgen_serve, rpcgen_recorder):
    rpcgen_serve(async_endpoint(lab, Bench(), "a"), server="a")
    url = rpcgen_serve(endpoint(lab, Bench(), "b"), server="b")
    with LabClient(url) as client:
        assert {client.prepare(server=s).report().server for s in "ab"} == {"a", "b"}
    rpcgen_recorder.answer("add", 7)
    assert LabClient(rpcgen_recorder).add(a=1) == 7

async def test_asyncio(rpcgen_serve, rpcgen_async_recorder):
    async with AsyncLabClient(rpcgen_serve(async_endpoint(lab, Bench(), "a"))) as client:
        assert await client.add(a=1) == 2
    await AsyncLabClient(rpcgen_async_recorder).note(text="x")
    assert len(rpcgen_async_recorder.messages) == 1

def test_a_server_that_does_not_start(rpcgen_serve):
    with pytest.raises(ConfigurationError, match="executor"):
        rpcgen_serve(async_endpoint(lab, Bench(), "a"), executor="x")

def test_a_server_that_does_not_stop(monkeypatch, rpcgen_serve):
    async def stop(self):
        await AsyncServer.stop(self)
        raise RuntimeError("it would not stop")
    monkeypatch.setattr(AsyncServer, "__aexit__", lambda self, *error: stop(self))
    rpcgen_serve(async_endpoint(lab, Bench(), "a"))
"""

pytest_plugins = ["pytester"]


def test_the_plugin_gives_users_what_they_need(
    pytester: pytest.Pytester, lab: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    """pytest finds the fixtures by itself; servers of both worlds start and stop with the test."""
    from pathlib import Path

    generated = Path(str(lab.__file__)).parents[1]
    monkeypatch.setenv("PYTHONPATH", f"{generated}:{Path(__file__).parents[3]}")
    pytester.makepyfile(PLUGIN_TEST)
    options: list[Any] = ["-q", "-p", "no:cacheprovider", "-o", "asyncio_mode=auto"]
    options += ["-o", "asyncio_default_fixture_loop_scope=function", "-W", "error"]
    result = pytester.runpytest_subprocess(*options)
    # The last one passes, and then its server does not stop.
    result.assert_outcomes(passed=5, errors=1)
    result.stdout.fnmatch_lines("*RuntimeError: it would not stop")


def test_one_client_may_send_by_many_transports(lab: ModuleType) -> None:
    """`prepare(transport=...)` shares what was worked out, and closes nothing."""
    here, there = RecordingTransport(), RecordingTransport()
    client = lab.LabClient(here)
    elsewhere = client.prepare(transport=there, pin="1.1")
    client.note(text="a")
    elsewhere.note(text="b")
    elsewhere.close()
    client.prepare(transport=there).note(text="c")
    assert [message.arguments["text"] for message in here.messages] == ["a"]
    assert [(m.arguments["text"], m.reader) for m in there.messages] == [("b", 1), ("c", 3)]


def test_other_servers_have_other_versions(lab: ModuleType) -> None:
    """With pin `auto`, what is known of one place says nothing of another."""
    client = lab.LabClient(RecordingTransport(), pin="auto")
    assert client.can_send("newer")
    elsewhere = client.prepare(transport=RecordingTransport())
    assert elsewhere._speaks is not client._speaks
    assert elsewhere.can_send("newer")


@pytest.mark.parametrize("url", ["memory://worlds", "zmq+tcp://127.0.0.1:1"])
def test_a_transport_of_the_other_world_is_refused(lab: ModuleType, url: str) -> None:
    """A cast would return something to await and send nothing; a call would hold up the loop."""

    async def in_a_loop() -> None:
        async with AsyncTransport(url) as coroutine:
            with Transport(url) as blocking:
                told = "of type AsyncTransport, expected a Transport"
                with pytest.raises(ConfigurationError, match=told):
                    lab.LabClient(coroutine)
                with pytest.raises(ConfigurationError, match=told):
                    lab.LabClient(blocking).prepare(transport=coroutine)
                told = "of type Transport, expected an AsyncTransport"
                with pytest.raises(ConfigurationError, match=told):
                    lab.AsyncLabClient(blocking)
                with pytest.raises(ConfigurationError, match=told):
                    lab.AsyncLabClient(coroutine).prepare(transport=blocking)

    asyncio.run(in_a_loop())
    with pytest.raises(ConfigurationError, match="of type AsyncRecordingTransport"):
        lab.LabClient(AsyncRecordingTransport())
    for transport in (Transport, AsyncTransport):
        with pytest.raises(BadUrl, match="of type NoneType"):
            transport(None)  # type: ignore[arg-type]


def test_what_is_no_transport_is_refused(lab: ModuleType) -> None:
    """A URL that was never set, or one where a transport is expected: an error that says so, and shows no password."""
    for nothing in (None, 7):
        with pytest.raises(ConfigurationError, match=f"of type {type(nothing).__name__}"):
            lab.LabClient(nothing)
    client = lab.LabClient(RecordingTransport())
    with pytest.raises(ConfigurationError, match="of type str, expected a Transport") as caught:
        client.prepare(transport="amqp://ann:secret@host/")
    assert "secret" not in str(caught.value)
