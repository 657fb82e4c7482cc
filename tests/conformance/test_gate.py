"""The version gate and strict reading, with messages that no generated client would send."""

from __future__ import annotations

from collections.abc import Iterator
from types import ModuleType
from typing import Any

import msgspec
import pytest
from msgspec import structs
from rpcgen.runtime import InterfaceClash, Target
from rpcgen.runtime.core.codec import MSGPACK
from rpcgen.runtime.core.envelope import CAST, Cancel, Fault, Refusal, Reply
from rpcgen.runtime.core.work import Work

from tests.conformance.conftest import COMBINATIONS, Lab, name_of
from tests.conformance.raw import RawClient, request
from tests.conformance.waiting import eventually

TARGET = Target("test", "lab")

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
    client = RawClient(labs.urls[-1], TARGET)
    yield client
    client.close()


#: name: (request, code of the refusal, path)
REFUSED: dict[str, tuple[Any, str, str | None]] = {
    "namespace": (request("add", {"a": 1}, namespace="other"), "unknown_namespace", None),
    "null namespace": (request("add", {"a": 1}, namespace=None), "unknown_namespace", None),
    "method": (request("subtract", {"a": 1}), "unknown_method", None),
    "method of object": (request("__init__"), "unknown_method", None),
    "method of base class": (request("_interface"), "unknown_method", None),
    "no name": (request(""), "unknown_method", None),
    "no name of a namespace": (request("add", {"a": 1}, namespace=""), "unknown_namespace", None),
    "long method": (request("x" * 1000), "unknown_method", None),
    "64 KiB of a method": (request("x" * 65_536), "unknown_method", None),
    "64 KiB of a namespace": (
        request("add", {"a": 1}, namespace="x" * 65_536),
        "unknown_namespace",
        None,
    ),
    "huge major": (request("add", {"a": 1}, major=2**63 - 1), "unsupported_major", None),
    "huge minor": (request("add", {"a": 1}, minor=2**63 - 1), "minor_too_new", None),
    "major newer": (request("add", {"a": 1}, major=2, minor=0), "unsupported_major", None),
    "major older": (request("add", {"a": 1}, major=0), "unsupported_major", None),
    "minor newer": (request("add", {"a": 1}, minor=4), "minor_too_new", None),
    "unknown method, newer": (request("subtract", minor=4), "minor_too_new", None),
    "unknown method, other major": (request("subtract", major=9), "unsupported_major", None),
    "method too new": (request("newer", minor=2), "method_not_in_version", None),
    "cast only": (request("note", {"text": "x"}), "wrong_kind", None),
    "unknown argument": (request("add", {"a": 1, "c": 2}), "unknown_argument", "c"),
    "missing argument": (request("add", {"b": 1}), "missing_argument", "a"),
    "text for int": (request("add", {"a": "1"}), "mistyped_argument", "a"),
    "bool for int": (request("add", {"a": True}), "mistyped_argument", "a"),
    "float for int": (request("add", {"a": 1.5}), "mistyped_argument", "a"),
    "null for int": (request("add", {"a": None}), "mistyped_argument", "a"),
    "argument twice": (
        request("add", body=msgspec.Raw(b"\x82\xa1a\x01\xa1a\x02")),
        "bad_arguments",
        "a",
    ),
    "argument twice, in two forms": (
        request("add", body=msgspec.Raw(b"\x82\xa1a\x01\xd9\x01a\x01")),
        "bad_arguments",
        "a",
    ),
    "field twice": (
        request(
            "pick", body=msgspec.Raw(b"\x81\xa5shape\x81\xa5point\x83\xa1x\x01\xa1y\x02\xa1x\x01")
        ),
        "bad_arguments",
        "shape.point.x",
    ),
    "key twice in anything": (
        request("echo", body=msgspec.Raw(b"\x81\xaaeverything\x92\x01\x82\xa1k\x01\xa1k\x01")),
        "bad_arguments",
        "everything[1].k",
    ),
    "argument twice, of an older minor": (
        request("add", minor=0, body=msgspec.Raw(b"\x82\xa1a\x01\xa1a\x02")),
        "bad_arguments",
        "a",
    ),
    "int, then text for it": (
        request("add", body=msgspec.Raw(b"\x82\xa1a\x01\xa1a\xa11")),
        "bad_arguments",
        "a",
    ),
    "text for int, then int": (
        request("add", body=msgspec.Raw(b"\x82\xa1a\xa11\xa1a\x01")),
        "bad_arguments",
        "a",
    ),
    "not a map": (request("add", [1, 2]), "mistyped_argument", ""),
    "closed enum": (request("pick", {"mode": "warp"}), "mistyped_argument", "mode"),
    "closed union": (request("pick", {"shape": {"cube": 1}}), "unknown_argument", "shape.cube"),
    "two members": (
        request("pick", {"shape": {"radius": 1.0, "point": {"x": 1, "y": 2}}}),
        "mistyped_argument",
        "shape",
    ),
    "unknown field": (
        request("pick", {"shape": {"point": {"x": 1, "y": 2, "z": 3}}}),
        "unknown_argument",
        "shape.point.z",
    ),
    "argument too new": (
        request("greet", {"name": "a", "from": "b"}, minor=1),
        "argument_not_in_version",
        "from",
    ),
    "null argument too new": (
        request("greet", {"name": "a", "from": None}, minor=1),
        "argument_not_in_version",
        "from",
    ),
    "enum value too new": (
        request("pick", {"mode": "turbo"}, minor=2),
        "argument_not_in_version",
        "mode",
    ),
    "union member too new": (
        request("pick", {"shape": {"label": "x"}}, minor=2),
        "argument_not_in_version",
        "shape.label",
    ),
    "negative time": (request("add", {"a": 1}, remaining=-5.0), "expired", None),
    "no time": (request("add", {"a": 1}, remaining=0), "expired", None),
}


@pytest.mark.parametrize("case", REFUSED)
def test_each_mistake_has_its_own_refusal(
    raw: RawClient, labs: Lab, case: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A message that does not fit is refused with its own code and path, and no handler runs."""
    message, code, path = REFUSED[case]
    if code == "expired":
        # A look at the clock between its coming and its refusal would find that its caller does not wait for either.
        monkeypatch.setattr(Work, "overdue", lambda work, now: [])
    answer = raw.ask(message)
    assert isinstance(answer, Refusal), answer
    assert (answer.code, answer.path) == (code, path)
    assert labs.servers[0].serving.counters.handled == 0
    assert labs.servers[0].serving.counters.rejected == 1


#: Stands in values that do not fit.
CANARY = "canary-" * 20


@pytest.mark.parametrize(
    ("method", "arguments"),
    [
        ("add", {"a": CANARY}),
        ("add", {"a": [CANARY]}),
        ("greet", {"name": {CANARY: CANARY}}),
        ("pick", {"mode": CANARY}),
        ("pick", {"shape": {"point": {"x": CANARY, "y": 2}}}),
        ("pick", {"shape": CANARY}),
    ],
)
def test_a_refusal_does_not_repeat_what_was_sent(
    raw: RawClient, caplog: pytest.LogCaptureFixture, method: str, arguments: dict[str, Any]
) -> None:
    """Of a value that does not fit neither the answer nor the log shows more than 64 characters."""
    answer = raw.ask(request(method, arguments))
    assert isinstance(answer, Refusal), answer
    for text in (answer.message, answer.path or "", caplog.text):
        assert CANARY[:65] not in text


ACCEPTED: dict[str, tuple[Any, Any]] = {
    "current": (request("add", {"a": 1, "b": 2}), 3),
    "older minor": (request("add", {"a": 1, "b": 2}, minor=0), 3),
    "in longer forms": (
        request(
            "add",
            body=msgspec.Raw(
                b"\xde\x00\x02\xd9\x01b\xd1\x00\x02\xda\x00\x01a\xcf" + b"\x00" * 7 + b"\x01"
            ),
        ),
        3,
    ),
    "null reads as default": (request("add", {"a": 1, "b": None}), 2),
    "absent optional": (request("greet", {}), "hello None None"),
    "null for default text": (
        request("greet", {"name": None, "greeting": None}),
        "hello None None",
    ),
    "newest argument": (request("greet", {"from": "b"}, minor=2), "hello None b"),
    "unknown open member": (request("pick", {"signal": {"blink": 1}}, minor=0), {"blink": 1}),
    "null body for no arguments": (request("newer"), "new"),
    "time without end": (request("add", {"a": 1}, remaining=1e18), 2),
    "time that is no number": (request("add", {"a": 1}, remaining=float("nan")), 2),
    "beat of zero": (request("add", {"a": 1}, beat=0.0), 2),
    "beat below zero": (request("add", {"a": 1}, beat=-1.0), 2),
}


@pytest.mark.parametrize("case", ACCEPTED)
def test_what_the_language_allows_is_accepted(raw: RawClient, case: str) -> None:
    """A valid message of an older writer, or of another implementation, is understood."""
    message, expected = ACCEPTED[case]
    answer = raw.ask(message)
    assert isinstance(answer, Reply), answer
    assert MSGPACK.untyped(answer.body) == expected


GARBAGE = {
    "empty": b"",
    "one byte": b"\xc1",
    "text": b"GET / HTTP/1.1\r\n\r\n",
    "no array": MSGPACK.encode({"a": 1}),
    "unknown kind": MSGPACK.encode([99, b"x" * 16]),
    "short id": MSGPACK.encode([1, b"x", 0, None, "add", 1, 0, 0, None, {}]),
    "half a request": MSGPACK.encode(request("add", {"a": 1}))[:-3],
    "more behind a request": MSGPACK.encode(request("add", {"a": 1})) + b"\xc0",
    "deep": b"\x91" * 100_000,
    "huge length": b"\xdd\xff\xff\xff\xff",
    "negative version": MSGPACK.encode(request("add", {"a": 1}, minor=-1)),
    "time as text": MSGPACK.encode(request("add", {"a": 1}, remaining="1")),
    "attempt below zero": MSGPACK.encode(request("add", {"a": 1}, attempt=-1)),
    "64 KiB of a request id": MSGPACK.encode(request("add", {"a": 1}, request_id="x" * 65_536)),
    "a key of the context twice": MSGPACK.encode(
        request("add", {"a": 1}, context={"k": 1, "j": 2})
    ).replace(b"\xa1j\x02", b"\xa1k\x02"),
    "json": b'[1,"",0]',
    "a reply": MSGPACK.encode(Reply(b"x" * 16, msgspec.Raw(b"\xc0"))),
}


def test_garbage_is_dropped_and_counted(raw: RawClient, labs: Lab) -> None:
    """Bytes that are no request disturb nothing, and nobody answers them."""
    for frame in GARBAGE.values():
        raw.send(frame)
    raw.send(MSGPACK.encode(Cancel(b"y" * 16)))
    assert isinstance(raw.ask(request("add", {"a": 1})), Reply)
    counters = labs.servers[0].serving.counters
    assert counters.unreadable + _dropped_by_driver(labs) >= len(GARBAGE)
    assert counters.received == 1


def _dropped_by_driver(labs: Lab) -> int:
    """Drivers may drop what is theirs (control frames, empty ones) before the core sees it."""
    return 0 if labs.urls[0].startswith("memory") else 2


def test_a_deep_body_is_refused(raw: RawClient) -> None:
    """Arguments nested beyond any sense end as a refusal, not as a dead server."""
    deep = b"\x81\xaaeverything" + b"\x91" * 100_000 + b"\xc0"
    raw.send(MSGPACK.encode(request("echo", body=msgspec.Raw(deep))))
    answer = raw.receive(1.0)
    assert answer is None or isinstance(answer, (Refusal, Fault))
    assert isinstance(raw.ask(request("add", {"a": 1})), Reply)


def test_a_refused_cast_is_logged(
    raw: RawClient, labs: Lab, caplog: pytest.LogCaptureFixture
) -> None:
    """Nobody hears the refusal of a cast, so the server logs it, on one line."""
    raw.send(MSGPACK.encode(request("note\r\nforged", {"text": "x"}, how=CAST)))
    raw.send(MSGPACK.encode(request("note", {"txt": "x"}, how=CAST)))
    assert isinstance(raw.ask(request("add", {"a": 1})), Reply)
    eventually(lambda: labs.servers[0].serving.counters.rejected == 2)
    eventually(lambda: labs.servers[0].serving.work.held == 0)
    lines = [
        r.getMessage()
        for r in caplog.records
        if r.name == "rpcgen.server" and "refused" in r.getMessage()
    ]
    assert len(lines) == 2
    assert not any("\n" in line or "\r" in line for line in lines)


def test_the_same_request_twice_runs_once(raw: RawClient, labs: Lab) -> None:
    """While it is being worked on and afterwards; nothing answers the second, which is counted."""
    counters = labs.servers[0].serving.counters
    message = request("nap", {"seconds": 20.0})
    for _ in range(3):
        raw.send(MSGPACK.encode(message))
    assert labs.bench.started.wait(5.0)
    eventually(lambda: counters.repeated == 2)
    labs.bench.release.set()
    assert isinstance(raw.receive(), Reply)
    raw.send(MSGPACK.encode(message))
    assert isinstance(raw.ask(request("add", {"a": 1})), Reply)
    assert (counters.repeated, counters.handled) == (3, 2)


def test_another_attempt_while_the_first_runs_is_refused(raw: RawClient, labs: Lab) -> None:
    """Of a call that may run again it is another message, and yet does not run beside the first."""
    message = request("nap", {"seconds": 20.0})
    raw.send(MSGPACK.encode(message))
    assert labs.bench.started.wait(5.0)
    assert isinstance(raw.ask(structs.replace(message, attempt=2)), Refusal)
    labs.bench.release.set()
    assert isinstance(raw.receive(), Reply)


def test_interfaces_share_a_server_unless_they_clash(labs: Lab, lab: ModuleType) -> None:
    """Two endpoints that claim one method are an error at start that names both."""
    labs.open(servers=0)
    twins = [labs.endpoint("s1"), labs.endpoint("s1")]
    with pytest.raises(InterfaceClash, match=r"test\.lab"):
        labs.worlds.raw_server(labs.urls[0], server="s1", endpoints=twins)
