"""Requests that are valid to look at, and meant to do harm: names, depths, lengths and what ends up in logs."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator

import msgspec
import psutil
import pytest
from rpcgen.runtime import Target
from rpcgen.runtime.core.codec import MSGPACK
from rpcgen.runtime.core.envelope import CAST, Refusal, Reply

from tests import alike
from tests.conformance.conftest import COMBINATIONS, Lab, name_of
from tests.conformance.raw import RawClient, request
from tests.conformance.waiting import eventually

# Frames are written here as they are on the native wire.
pytestmark = pytest.mark.native


@pytest.fixture(params=[c for c in COMBINATIONS if c[1] == "blocking"], ids=name_of)
def combination(request: pytest.FixtureRequest) -> tuple[str, str, str]:
    """The raw client has one world; the server's is what matters here."""
    value: tuple[str, str, str] = request.param
    return value


@pytest.fixture
def raw(labs: Lab) -> Iterator[RawClient]:
    labs.open()
    client = RawClient(labs.urls[-1], Target("test", "lab"))
    yield client
    client.close()


def test_nothing_but_the_interface_can_be_called(raw: RawClient, labs: Lab) -> None:
    """All that a handler object has, inherited or not, and names that look like a method's."""
    endpoint = labs.endpoint("s1")
    methods = {method.name for method in endpoint._interface.methods}
    names = {*dir(endpoint), *dir(object), "close", "stop", "serve", "add.__call__", "a.b", "add "}
    names |= {"\N{FULLWIDTH LATIN SMALL LETTER A}dd", "ad\N{CYRILLIC SMALL LETTER A}", "add\x00"}
    names -= methods
    assert len(names) > 40
    for name in sorted(names):
        answer = raw.ask(request(name, {"a": 1}))
        assert isinstance(answer, Refusal), name
        assert answer.code == "unknown_method", name
        assert len(answer.message) < 300
    assert labs.servers[0].serving.counters.handled == 0


#: Arguments of `echo` whose only value is this.
HARMFUL = {
    "500 deep": b"\x91" * 500 + b"\xc0",
    "2,000 deep": b"\x91" * 2_000 + b"\xc0",
    "100,000 deep": b"\x91" * 100_000 + b"\xc0",
    "100,000 deep in maps": b"\x81\xa1a" * 100_000 + b"\xc0",
    "a list of a million": b"\xdd" + (10**6).to_bytes(4, "big") + b"\x01" * 10**6,
    "a list that says it has 2^32 - 1": b"\xdd\xff\xff\xff\xff\x01",
    "bytes that say they are 2^32 - 1": b"\xc6\xff\xff\xff\xff\x01",
}


@pytest.mark.parametrize("what", HARMFUL)
def test_depth_and_length_cost_little(raw: RawClient, labs: Lab, what: str) -> None:
    """The answer comes within a second, if the frame can be read at all; memory stays as it is, and the server goes on."""
    assert isinstance(raw.ask(request("add", {"a": 1})), Reply)
    before, began = psutil.Process().memory_info().rss, time.monotonic()
    body = b"\x81\xaaeverything" + HARMFUL[what]
    raw.send(MSGPACK.encode(request("echo", body=msgspec.Raw(body))))
    answers = raw.ask_next(request("add", {"a": 1}))
    took = time.monotonic() - began
    assert [type(each) for each in answers if not isinstance(each, Refusal)] == [Reply]
    assert took < 1.0
    assert psutil.Process().memory_info().rss - before < 64 * 2**20
    assert labs.servers[0].serving.counters.handled == 2


#: Where a stranger may put a map whose keys hash alike, in a message of half a MiB: so many arrays, or numbers, take seconds.
ALIKE = {
    "argument": lambda harm: request("echo", body=told("everything", told("anything", harm))),
    "map of numbers": lambda harm: request(
        "echo", body=told("everything", told("by_number", harm))
    ),
    "unknown argument": lambda harm: request("add", body=told("c", harm)),
    "older minor": lambda harm: request("add", minor=0, body=told("c", harm)),
}


def told(name: str, value: bytes) -> msgspec.Raw:
    """A map with one key of a few characters."""
    return msgspec.Raw(b"\x81" + MSGPACK.encode(name) + value)


@pytest.mark.parametrize("harm", [alike.arrays(24_000), alike.map_of(alike.numbers(80_000))])
def test_keys_that_hash_alike_cost_little(raw: RawClient, labs: Lab, harm: bytes) -> None:
    """All are refused, and one in a context dropped, in less CPU than one may take; the next call is answered."""
    assert isinstance(raw.ask(request("add", {"a": 1})), Reply)
    began = time.process_time()
    for place in ALIKE:
        answer = raw.ask(ALIKE[place](harm))
        assert isinstance(answer, Refusal), place
        assert answer.code == "bad_arguments", place
    raw.send(MSGPACK.encode(request("add", {"a": 1}, context={"k": msgspec.Raw(harm)})))
    assert isinstance(raw.ask(request("add", {"a": 1})), Reply)
    took = time.process_time() - began
    assert took < 1.0
    assert labs.servers[0].serving.counters.handled == 2


#: Ends of lines, escape sequences, text that runs backwards, and a great deal of it.
EVIL = [
    "a\r\nERROR forged",
    "a\x1b[2J\x1b]0;title\x07",
    "a\N{RIGHT-TO-LEFT OVERRIDE}txt.exe\N{LINE SEPARATOR}b",
    "\x00\x7f\x85",
    "x" * 1000,
]


@pytest.mark.parametrize("evil", EVIL, ids=range(len(EVIL)))
def test_no_text_from_the_wire_forges_a_log(
    raw: RawClient, labs: Lab, caplog: pytest.LogCaptureFixture, evil: str
) -> None:
    """Whatever names a message has, what is logged of it is one line of printable characters, and not long."""
    caplog.set_level(logging.DEBUG)
    messages = [
        request(evil, {"text": "x"}, how=CAST),
        request("note", {evil: "x"}, how=CAST),
        request("note", {"text": 1, "how": evil}, how=CAST, request_id=evil),
        request("note", {"text": "x"}, how=CAST, namespace=evil),
        request("fail", {"how": "other"}, request_id=evil),
    ]
    for message in messages:
        raw.send(MSGPACK.encode(message))
    serving = labs.servers[0].serving
    # The last one runs, so whatever was refused before it has been logged when it has.
    eventually(lambda: serving.counters.rejected >= 4 and serving.counters.failed == 1)
    eventually(lambda: serving.work.held == 0)
    lines = [r.getMessage() for r in caplog.records if r.name.startswith("rpcgen")]
    assert len(lines) >= 5
    for line in lines:
        assert line.isprintable(), ascii(line)
        assert len(line) < 2000
