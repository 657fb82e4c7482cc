"""What the oslo wire does with messages that no peer of today sends, and with what only ours can say."""

from __future__ import annotations

import json
from itertools import count
from types import ModuleType
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rpcgen.runtime import (
    BadResult,
    Context,
    Draining,
    MistypedArgument,
    Overloaded,
    Profile,
    Rejected,
    RemoteError,
)
from rpcgen.runtime.core.envelope import CALL, CAST, Request
from rpcgen.runtime.core.wires.oslo import OSLO
from rpcgen.runtime.core.wires.oslo.envelope import seal, unseal
from rpcgen.runtime.core.wires.oslo.requests import their_id

from tests.oslo.cores import NOW, ClientCore, ServerCore
from tests.oslo.ours import endpoint
from tests.oslo.recorded import ID

Payload = dict[str, Any]

COPIES = count()


def request(**members: Any) -> bytes:
    """The payload of a call of the hand-written client's, changed."""
    usual = {"method": "where", "args": {}, "namespace": "lab", "version": "2.1"}
    ids = {"_msg_id": ID, "_unique_id": f"copy-{next(COPIES)}"}
    return json.dumps(usual | ids | members).encode()


@pytest.fixture
def server(peer: ModuleType) -> ServerCore:
    return ServerCore(endpoint(peer, "host1"))


@pytest.fixture
def client(peer: ModuleType) -> ClientCore:
    return ClientCore(peer)


def answered(server: ServerCore, payload: bytes) -> Payload:
    """The one answer to a request, its failure opened."""
    (frame,) = server.feed(payload)
    answer: Payload = json.loads(frame)
    if answer["failure"] is not None:
        answer["failure"] = json.loads(answer["failure"])
    return answer


def told(client: ClientCore, *answers: Payload, name: str = "where", **arguments: Any) -> Any:
    """What a call gets out of some answers, of which only the last ends it."""
    call, _ = client.call(name, **arguments)
    usual = {"_msg_id": call.id.hex(), "failure": None, "ending": True}
    *before, last = [json.dumps(usual | answer).encode() for answer in answers]
    for payload in before:
        assert client.receive(payload) == []
    assert client.receive(last) == [call]
    return call.plan.outcome(call)


def failure(**members: Any) -> Payload:
    """An answer that says that a call failed."""
    return {"result": None, "failure": json.dumps(members)}


# --- requests ---------------------------------------------------------------------------------------------------------

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
    request(method="x" * 2000),
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


# --- answers ----------------------------------------------------------------------------------------------------------


def test_an_answer_in_two_parts(client: ClientCore) -> None:
    """Old servers send the result first and the end in a message of its own; also a null result, and an error."""
    end = {"result": None}
    assert told(client, {"result": "a", "ending": False}, end) == "a"
    assert told(client, {"result": None, "ending": False}, end, name="nothing") is None
    with pytest.raises(RemoteError, match="it broke"):
        told(client, failure(**{"class": "Bug", "message": "it broke"}) | {"ending": False}, end)


def test_an_answer_with_little_in_it(client: ClientCore) -> None:
    """What our side does not need may be missing."""
    call, _ = client.call("nothing")
    assert client.receive(json.dumps({"_msg_id": call.id.hex(), "ending": True}).encode()) == [call]
    assert call.plan.outcome(call) is None


@pytest.mark.parametrize(
    "members", [{"_msg_id": "f" * 32}, {"_msg_id": "\u00e9"}, {"_msg_id": None}, {}]
)
def test_answers_for_nobody_are_dropped(client: ClientCore, members: Payload) -> None:
    """A server that never stops beating, or answers what was given up, costs a count and nothing else."""
    client.call("where")
    answer = {"result": None, "failure": None, "ending": False} | members
    assert client.receive(json.dumps(answer).encode()) == []
    counters = client.calls.counters
    assert counters.late + counters.unreadable == 1
    assert len(client.calls.pending) == 1


@pytest.mark.parametrize(
    "said", ["no json", 5, {"class": "X"}, ["x"], "[]", '{"class": 5, "kwargs": []}']
)
def test_a_failure_that_cannot_be_read(client: ClientCore, said: object) -> None:
    """Whatever is told instead of a failure, the caller hears that there was one."""
    with pytest.raises(RemoteError):
        told(client, {"failure": said})


def test_nothing_is_built_by_name(client: ClientCore) -> None:
    """A class that the interface does not declare is never looked up, whatever its module."""
    for name in (
        "os.system",
        "builtins.SystemExit",
        "peer_lab.errors.Shadow",
        "rpcgen.runtime.errors.NotSent",
    ):
        module, _, cls = name.rpartition(".")
        with pytest.raises(RemoteError) as caught:
            told(client, failure(**{"class": cls, "module": module, "message": "m", "args": ["x"]}))
        assert (type(caught.value), caught.value.type_name) == (RemoteError, cls)


def test_an_error_that_went_through_several_hands(peer: ModuleType, client: ClientCore) -> None:
    """A caller's own type of a remote error is the error itself."""
    members = {"class": "NotFound_Remote", "module": "peer_errors_Remote", "message": "gone"}
    with pytest.raises(peer.NotFound) as caught:
        told(
            client,
            failure(**members, kwargs={"instance_id": "i", "code": 404}),
            name="fail",
            how="x",
        )
    assert caught.value.instance_id == "i"


def test_a_declared_error_without_its_fields(client: ClientCore) -> None:
    """What the interface promises of an error is not made up."""
    members = {"class": "NotFound", "module": "peer_errors", "message": "gone", "kwargs": {}}
    with pytest.raises(RemoteError, match="its fields cannot be read") as caught:
        told(client, failure(**members), name="fail", how="x")
    assert type(caught.value) is RemoteError


def test_an_error_that_the_method_does_not_declare(client: ClientCore) -> None:
    """The interface's errors are those of the methods that declare them."""
    members = {
        "class": "NotFound",
        "module": "peer_errors",
        "message": "gone",
        "kwargs": {"instance_id": "i"},
    }
    with pytest.raises(RemoteError) as caught:
        told(client, failure(**members))
    assert (type(caught.value), caught.value.type_name) == (RemoteError, "NotFound")


def test_a_traceback_is_kept_apart(client: ClientCore) -> None:
    """It is there for people who ask for it."""
    with pytest.raises(RemoteError) as caught:
        told(client, failure(**{"class": "Bug", "message": "m", "tb": ["Traceback\n", "  line\n"]}))
    assert caught.value.remote_traceback == "Traceback\n  line\n"
    assert str(caught.value) == "Bug: m"


# --- between two of ours ----------------------------------------------------------------------------------------------


def between(server: ServerCore, client: ClientCore, name: str, **arguments: Any) -> Any:
    """A call of our client, answered by our server."""
    call, frame = client.call(name, **arguments)
    (answer,) = server.feed(frame)
    assert client.receive(answer) == [call]
    return call.plan.outcome(call)


def test_a_declared_error_without_a_wire_name(
    peer: ModuleType, server: ServerCore, client: ClientCore
) -> None:
    """It is called as its generated class."""
    with pytest.raises(peer.Busy, match="later"):
        between(server, client, "fail", how="busy")
    told = answered(server, request(method="fail", args={"how": "busy"}))["failure"]
    assert (told["module"], told["class"]) == ("peer_lab.errors", "Busy")


def test_refusals_keep_their_kind(server: ServerCore, client: ClientCore) -> None:
    """What oslo.messaging has no word for arrives by the name of our exception, with all that it says."""
    server.serving.work.drain()
    with pytest.raises(Draining, match="this server is stopping"):
        between(server, client, "where")
    with pytest.raises(MistypedArgument) as caught:
        told(
            client,
            failure(
                **{
                    "class": "MistypedArgument",
                    "module": "rpcgen.runtime.errors",
                    "message": "m",
                    "kwargs": {"path": "a.b", "retry_after": None},
                }
            ),
        )
    assert caught.value.path == "a.b"
    with pytest.raises(Overloaded) as full:
        told(
            client,
            failure(
                **{
                    "class": "Overloaded",
                    "module": "rpcgen.runtime.errors",
                    "message": "m",
                    "kwargs": {"retry_after": 0.5},
                }
            ),
        )
    assert full.value.retry_after == 0.5


def test_a_refusal_out_of_a_handler_is_none_of_ours(peer: ModuleType, client: ClientCore) -> None:
    """A handler that was refused by another server has run: its caller may not believe the opposite."""
    made = endpoint(peer, "host1")
    made.where = refuse
    server = ServerCore(made)
    with pytest.raises(RemoteError) as caught:
        between(server, client, "where")
    assert not isinstance(caught.value, Rejected)
    assert caught.value.type_name == "Draining"


def refuse(ctx: object) -> str:
    """A handler that lets another server's refusal out."""
    raise Draining("the other server is stopping")


def test_a_result_that_cannot_travel_is_answered(peer: ModuleType, client: ClientCore) -> None:
    """The caller hears of it at once."""
    made = endpoint(peer, "host1")
    made.where = lambda ctx: object()
    with pytest.raises(BadResult):
        between(ServerCore(made), client, "where")


class Untold(Exception):
    """One whose arguments cannot travel, and whose keywords are no map."""

    kwargs = 5


def test_an_exception_that_cannot_travel_is_told(peer: ModuleType, client: ClientCore) -> None:
    """Its text goes instead of what it was made of; and a traceback only where the server was told so."""

    def fail(ctx: object) -> str:
        raise Untold(object(), "\ud800")

    for debug in (False, True):
        made = endpoint(peer, "host1")
        made.where = fail
        server = ServerCore(made, debug=debug)
        failed = answered(server, request())["failure"]
        assert (failed["class"], failed["module"]) == ("Untold", __name__)
        assert failed["args"] == [failed["message"]]
        assert failed["kwargs"] == {}
        assert bool(failed["tb"]) == debug


# --- envelopes --------------------------------------------------------------------------------------------------------


def test_a_bare_message_is_its_own_payload() -> None:
    """Peers from before the envelope are understood."""
    bare = request(_reply_q="reply_1")
    opened = unseal(bare)
    assert (opened.payload, opened.reply_queue) == (bare, "reply_1")
    half = json.dumps({"oslo.version": "2.0", "method": "x"}).encode()
    assert unseal(half).payload == half


@pytest.mark.parametrize("version", ["1.0", "2.1", "3.0", "", 2, [], "2.0.1"])
def test_envelopes_of_other_versions_are_refused(version: object) -> None:
    """As oslo.messaging refuses them."""
    with pytest.raises(ValueError, match="an envelope of version"):
        unseal(json.dumps({"oslo.version": version, "oslo.message": "{}"}).encode())


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"5", b"\xff", b'{"oslo.version": "2.0", "oslo.message": "["}']
)
def test_what_is_no_envelope(body: bytes) -> None:
    """One kind of error comes of it."""
    with pytest.raises(ValueError):  # noqa: PT011 - whatever the decoder says
        unseal(body)


@pytest.mark.parametrize(
    "queue",
    ["compute", "", "amq.x", "reply_", "reply_" + "x" * 250, "reply_a b", "reply_a\n", 5, None],
)
def test_a_request_makes_nobody_write_elsewhere(queue: object) -> None:
    """Only queues that such clients make are answered to."""
    assert unseal(request(_reply_q=queue)).reply_queue is None


@pytest.mark.parametrize("queue", ["reply_" + ID, "reply_hosta:nova-api:2"])
def test_queues_of_clients(queue: str) -> None:
    """By either of the names that oslo.messaging makes."""
    assert unseal(request(_reply_q=queue)).reply_queue == queue
