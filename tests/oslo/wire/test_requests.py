"""Requests that no peer of today sends, and what only ours can say in one."""

from __future__ import annotations

import json
import tracemalloc
from types import ModuleType

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rpcgen.runtime import (
    Context,
    Profile,
)
from rpcgen.runtime.core.envelope import CALL, CAST, Request
from rpcgen.runtime.core.results import MAX_TEXT
from rpcgen.runtime.core.wires.oslo import OSLO
from rpcgen.runtime.core.wires.oslo.envelope import seal, unseal
from rpcgen.runtime.core.wires.oslo.requests import their_id

from tests.oslo.cores import NOW, ClientCore, ServerCore
from tests.oslo.recorded import ID
from tests.oslo.wire.parts import answered, request

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)
NAMES = st.text(st.characters(codec="utf-8"), max_size=12)


@pytest.mark.hypothesis
@given(
    value=JSON_VALUES, context=st.dictionaries(NAMES, JSON_VALUES, max_size=4), queue=st.booleans()
)
def test_what_is_written_is_read(value: object, context: dict[str, object], queue: bool) -> None:
    """Arguments and context arrive as they left, through the envelope, whatever they hold."""
    sent = Request(
        bytes.fromhex(ID),
        CALL,
        None,
        "echo",
        2,
        1,
        1,
        5.0,
        msgspec.Raw(msgspec.json.encode({"arg": value})),
        context=context or None,
    )
    body = seal(OSLO.write_request(sent), reply_queue="reply_a" if queue else None)
    assert json.loads(json.loads(body)["oslo.message"])["args"] == {"arg": value}
    opened = unseal(body)
    assert opened.reply_queue == ("reply_a" if queue else None)
    read = OSLO.read_request(opened.payload)
    assert their_id(read.id) == ID
    assert (read.method, read.major, read.minor, read.namespace) == ("echo", 2, 1, None)
    assert json.loads(bytes(read.body)) == {"arg": value}
    assert (read.context or {}) == context


@pytest.mark.parametrize("version", ["2.0", "2.3", "2.2.9", "2.3.0", "2"])
def test_versions_that_are_served(server: ServerCore, version: str) -> None:
    """The rule is oslo.messaging's: same major, a minor and a revision that are not above ours."""
    assert answered(server, request(version=version))["result"] == "host1"


@pytest.mark.parametrize(
    "version",
    [
        "2.3.1",
        "2.4",
        "3.0",
        "1.0",
        None,
        "",
        "latest",
        "2.x",
        "2.1.1.1",
        "\u0662.\u0661",
        "2.9999999999",
    ],
)
def test_versions_that_are_refused(server: ServerCore, version: str | None) -> None:
    """By the name of oslo.messaging's own refusal; no version means 1.0, and nonsense is served by nobody."""
    told = answered(server, request(version=version))["failure"]
    assert (told["class"], told["module"]) == (
        "UnsupportedVersion",
        "oslo_messaging.rpc.dispatcher",
    )


def test_a_message_without_version_is_1_0() -> None:
    """As oslo.messaging's dispatcher reads it."""
    read = OSLO.read_request(b'{"method": "where"}')
    assert (read.major, read.minor, read.how, bytes(read.body)) == (1, 0, CAST, b"{}")
    assert read.id != OSLO.read_request(b'{"method": "where"}').id


@pytest.mark.parametrize(
    ("timeout", "beat"),
    [
        (1, 0.5),
        (2, 1.0),
        (60.0, 30.0),
        (None, None),
        (0, None),
        (-1, None),
        (True, None),
        ("5", None),
        ([], None),
    ],
)
def test_beats_are_sent_only_if_asked_for(timeout: object, beat: float | None) -> None:
    """Twice in the time that the caller bears silence; a client that did not ask could not bear them."""
    assert OSLO.read_request(request(_timeout=timeout)).beat == beat


def test_a_server_beats_twice_a_second_for_one_second(server: ServerCore) -> None:
    """A caller that bears one second of silence hears from us in half of it."""
    frames = server.feed(request(method="slow", args={"seconds": 0.0}, _timeout=1), beats=3)
    *beats, last = map(json.loads, frames)
    beat = {"result": None, "failure": None, "ending": False, "_msg_id": ID}
    assert beats == [beat] * 3
    assert last == beat | {"result": "done", "ending": True}


@pytest.mark.parametrize(
    ("silence", "timeout"), [(60.0, 60), (2.0, 2), (1.0, 2), (0.2, 2), (7.9, 7)]
)
def test_a_client_asks_for_beats_that_the_peer_can_send(
    peer: ModuleType, silence: float, timeout: int
) -> None:
    """A server of oslo.messaging beats at most once a second, and never for a caller that bears just one."""
    client = ClientCore(peer, profiles={"long": Profile(timeout=90.0, silence=silence)})
    call, frame = client.call("slow", seconds=1.0)
    assert json.loads(frame)["_timeout"] == timeout
    assert call.silent_at == NOW + max(silence, 2.0)


def test_surroundings_travel(server: ServerCore, client: ClientCore) -> None:
    """Request id and trace are members of the context, where other peers look for them."""
    ambient = Context("req-7", {"user": "ann"}, trace=("00-ab-cd-01", "v=1"))
    _, frame = client.call("where", ambient=ambient)
    context = {name: value for name, value in json.loads(frame).items() if "_context_" in name}
    assert context == {
        "_context_user": "ann",
        "_context_request_id": "req-7",
        "_context_traceparent": "00-ab-cd-01",
        "_context_tracestate": "v=1",
    }
    server.feed(frame)
    (seen,) = server.contexts
    assert (seen.request_id, seen.trace) == ("req-7", ("00-ab-cd-01", "v=1"))
    assert seen.fields["user"] == "ann"


def test_the_program_s_own_request_id_goes_first(client: ClientCore) -> None:
    """A context that has one already keeps it."""
    ambient = Context("req-7", {"request_id": "req-theirs"})
    _, frame = client.call("where", ambient=ambient)
    assert json.loads(frame)["_context_request_id"] == "req-theirs"


NO_REQUESTS = [
    b"",
    b"[]",
    b"{}",
    b"null",
    b"[" * 5000,
    b'{"method": 5}',
    b'{"method": "where", "args": nan}',
    request(_msg_id=5),
    request(namespace=[]),
    request(version=2.1),
]


@pytest.mark.parametrize("payload", NO_REQUESTS)
def test_what_is_no_request_is_counted(server: ServerCore, payload: bytes) -> None:
    """Nothing is answered, nothing runs, and the server goes on."""
    assert server.feed(payload) == []
    assert server.serving.counters.unreadable == 1
    assert answered(server, request())["result"] == "host1"


@pytest.mark.parametrize(
    "message",
    [
        request(method="x" * 65_536),
        request(method="x" * 65_536, version="9.9"),
        request(namespace="x" * 65_536),
        request(version="9." * 9999),
    ],
)
def test_a_name_of_any_length_is_answered(server: ServerCore, message: bytes) -> None:
    """Whoever asks for what nobody has hears of it, in few words."""
    assert 0 < len(answered(server, message)["failure"]["message"]) <= MAX_TEXT
    assert server.serving.counters.unreadable == 0


def test_no_name_is_kept(server: ServerCore, caplog: pytest.LogCaptureFixture) -> None:
    """Casts for what nobody has cost no memory, however long their names are."""
    caplog.set_level("CRITICAL", "rpcgen.server")  # else pytest keeps what was logged
    tracemalloc.start()
    try:
        for each in range(10):
            assert server.feed(request(method=f"{each}" * 100_000, _msg_id=None)) == []
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert server.serving.counters.unreadable == 0
    assert kept < 500_000


def test_an_argument_that_comes_twice_is_refused(server: ServerCore) -> None:
    """The caller hears of it, as of any argument that does not fit."""
    message = request(method="where", args={"x": 1, "y": 2}).replace(b'"y"', b'"x"')
    assert "comes twice" in answered(server, message)["failure"]["message"]
    assert server.serving.counters.handled == 0


def test_each_attempt_is_a_message_of_its_own(server: ServerCore, client: ClientCore) -> None:
    """A call that is tried again has another unique id, and runs again if its server says so."""
    call, first = client.call("where")
    call.attempt += 1
    again = client.calls.open(call, client.peer, NOW)
    ids = [json.loads(frame) for frame in (first, again)]
    assert ids[0]["_msg_id"] == ids[1]["_msg_id"]
    assert ids[0]["_unique_id"] != ids[1]["_unique_id"]
    assert [len(server.feed(frame)) for frame in (first, again, again)] == [1, 1, 0]


def test_a_copy_of_a_request_is_dropped(server: ServerCore) -> None:
    """What comes again runs once; what is sent again, under another unique id, may run."""
    assert len(server.feed(request(_unique_id="u"))) == 1
    assert server.feed(request(_unique_id="u")) == []
    assert len(server.feed(request(_unique_id="v"))) == 1
    assert len(server.feed(request(_msg_id="w", _unique_id=None))) == 1
    assert server.feed(request(_msg_id="w", _unique_id=None)) == []
    assert server.serving.counters.repeated == 2


@pytest.mark.parametrize("args", [None, [], "x", {"arg": 1, "more": 2}, {}])
def test_bad_arguments_are_answered(server: ServerCore, args: object) -> None:
    """Arguments that do not fit are refused at once, by the name of our exception."""
    told = answered(server, request(method="echo", args=args))["failure"]
    assert told["module"] == "rpcgen.runtime.errors"
    assert told["class"] in ("MistypedArgument", "UnknownArgument", "MissingArgument")
    assert told["args"] == [told["message"]]
