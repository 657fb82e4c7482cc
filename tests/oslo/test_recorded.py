"""What oslo.messaging sends and what the oslo wire makes of it, message by message as recorded."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from rpcgen.runtime import Profile, RemoteError, UnknownMethod, VersionRejected
from rpcgen.runtime.core.call import Call
from rpcgen.runtime.core.envelope import CALL, CAST, Request
from rpcgen.runtime.core.wires.oslo import OSLO
from rpcgen.runtime.core.wires.oslo.envelope import seal, unseal
from rpcgen.runtime.core.wires.oslo.requests import their_id

from tests.oslo.cores import ClientCore, ServerCore
from tests.oslo.ours import endpoint
from tests.oslo.recorded import ID, REPLY_QUEUE, body, plain_payload, record, recorded

RECORDED = recorded()
REQUESTS = {step: messages[0] for step, messages in RECORDED.items()}
CALLS = [step for step, messages in RECORDED.items() if len(messages) > 1]
WATCHED = {"long": Profile(timeout=5.0, silence=2.0)}

#: How our client asks what the hand-written one asked.
ASKED: dict[str, dict[str, Any]] = {
    "call": {"name": "echo", "arg": [1, 2.5, None, True, "\xe9"]},
    "call without a result": {"name": "nothing"},
    "declared error": {"name": "fail", "how": "declared"},
    "built-in error": {"name": "fail", "how": "bug"},
    "error that cannot be made again": {"name": "fail", "how": "picky"},
    "monitored call": {"name": "slow", "seconds": 1.5},
    "cast": {"name": "note", "kind": "cast", "text": "any"},
    "cast to a server": {"name": "note", "kind": "cast", "text": "one"},
    "fanout": {"name": "note", "kind": "cast", "text": "all"},
}


def test_the_peer_sends_what_was_recorded() -> None:
    """The version of oslo.messaging that is installed sends what is in recorded.json."""
    assert record() == RECORDED


@pytest.mark.parametrize("step", REQUESTS)
def test_a_request_is_read(step: str) -> None:
    """Everything in a request arrives, with its context, and where its answer goes."""
    opened = unseal(body(REQUESTS[step]))
    payload = REQUESTS[step]["payload"]
    calls = "_msg_id" in payload
    assert opened.reply_queue == (REPLY_QUEUE if calls else None)
    request = OSLO.read_request(opened.payload)
    assert isinstance(request, Request)
    assert (request.method, json.loads(bytes(request.body))) == (payload["method"], payload["args"])
    assert request.namespace == payload.get("namespace")
    assert f"{request.major}.{request.minor}" == payload["version"]
    assert request.reader == request.minor
    assert (request.how, their_id(request.id)) == (CALL if calls else CAST, ID)
    assert request.beat == (1.0 if step == "monitored call" else None)
    context = {
        name.removeprefix("_context_"): value
        for name, value in payload.items()
        if name.startswith("_context_")
    }
    assert (request.context or {}) == context
    assert request.request_id == context.get("request_id", f"req-{ID}")


@pytest.mark.parametrize("step", ASKED)
def test_a_request_is_written_alike(peer: ModuleType, step: str) -> None:
    """Our client sends what the hand-written one does; the version alone is what the message needs."""
    client = ClientCore(peer, profiles=WATCHED)
    _, frame = client.call(**ASKED[step])
    theirs = {
        name: value
        for name, value in REQUESTS[step]["payload"].items()
        if not name.startswith("_context_")
    }
    sealed = json.loads(seal(frame, reply_queue=REPLY_QUEUE if "_msg_id" in theirs else None))
    ours = json.loads(sealed["oslo.message"])
    assert sealed["oslo.version"] == "2.0"
    assert plain_payload(ours) == theirs | {"version": "2.0"}
    assert list(ours)[:4] == list(theirs)[:4]


@pytest.mark.parametrize("step", CALLS)
def test_a_request_is_answered_alike(peer: ModuleType, step: str) -> None:
    """Our server answers a hand-written client as the hand-written server does, but without its traceback."""
    server = ServerCore(endpoint(peer, "host1"))
    request, *theirs = RECORDED[step]
    at_once = {"args": {"seconds": 0.0}} if step == "monitored call" else {}
    frames = server.feed(unseal(body(request, **at_once)).payload, beats=len(theirs) - 1)
    ours = [
        plain_payload(json.loads(json.loads(seal(f, unique_id=ID))["oslo.message"])) for f in frames
    ]
    assert ours == [message["payload"] for message in theirs]


def outcome(client: ClientCore, step: str) -> Any:
    """What a call gets out of the recorded answers."""
    call, _ = client.call(**ASKED[step])
    ended: list[Call] = []
    for message in RECORDED[step][1:]:
        ended += client.receive(unseal(body(message, _msg_id=call.id.hex())).payload)
    assert ended == [call]
    return call.plan.outcome(call)


@pytest.mark.parametrize("step", ["call", "call without a result", "monitored call"])
def test_a_result_is_read(peer: ModuleType, step: str) -> None:
    """A result arrives, null as well, and after signs of life."""
    *_, last = RECORDED[step]
    assert outcome(ClientCore(peer, profiles=WATCHED), step) == last["payload"]["result"]


def test_a_sign_of_life_is_heard(peer: ModuleType) -> None:
    """A monitored call is not given up while its server beats."""
    client = ClientCore(peer, profiles=WATCHED)
    call, _ = client.call(**ASKED["monitored call"])
    beat = unseal(body(RECORDED["monitored call"][1], _msg_id=call.id.hex())).payload
    assert client.calls.overdue(call, 102.0) is not None
    assert client.receive(beat, now=101.5) == []
    assert client.calls.overdue(call, 102.0) is None


def test_a_declared_error_is_read(peer: ModuleType) -> None:
    """An error with a wire name arrives as the generated class, with its fields."""
    with pytest.raises(peer.NotFound, match="no such thing") as caught:
        outcome(ClientCore(peer), "declared error")
    assert caught.value.instance_id == "abc"


@pytest.mark.parametrize(
    ("step", "type_name", "message"),
    [
        ("built-in error", "KeyError", "'x'"),
        ("error that cannot be made again", "Picky", "1 and 2"),
    ],
)
def test_another_error_is_read(peer: ModuleType, step: str, type_name: str, message: str) -> None:
    """An error that the interface does not declare is a RemoteError, whatever its module."""
    with pytest.raises(RemoteError) as caught:
        outcome(ClientCore(peer), step)
    assert (type(caught.value), caught.value.type_name) == (RemoteError, type_name)
    assert caught.value.message == message


@pytest.mark.parametrize(
    ("module", "cls", "args"),
    [
        ("os", "mkdir", ["PLACE"]),
        ("builtins", "open", ["PLACE", "w"]),
        ("pathlib", "Path.touch", ["PLACE"]),
        ("this", "c", []),
    ],
)
def test_nothing_is_made_that_only_the_wire_names(
    peer: ModuleType, tmp_path: Path, module: str, cls: str, args: list[Any]
) -> None:
    """Neither imported nor called, although oslo.messaging's own clients would, where its module is allowed."""
    place = tmp_path / "made"
    answer = RECORDED["built-in error"][1]
    named = [str(place) if each == "PLACE" else each for each in args]
    failure = answer["payload"]["failure"] | {"module": module, "class": cls, "args": named}
    client = ClientCore(peer)
    call, _ = client.call(**ASKED["built-in error"])
    assert client.receive(unseal(body(answer, _msg_id=call.id.hex(), failure=failure)).payload)
    with pytest.raises(RemoteError) as caught:
        call.plan.outcome(call)
    assert (type(caught.value), caught.value.type_name) == (RemoteError, cls)
    assert not place.exists()
    assert "this" not in sys.modules


@pytest.mark.parametrize(
    ("step", "asked", "kind"),
    [
        ("unknown method", {"name": "newer"}, UnknownMethod),
        ("version too new", {"name": "echo", "arg": 1}, VersionRejected),
    ],
)
def test_a_refusal_is_read(
    peer: ModuleType, step: str, asked: dict[str, Any], kind: type[Exception]
) -> None:
    """What oslo.messaging's dispatcher refuses was not run; if it speaks of our own message, and of no other."""
    answer = RECORDED[step][1]
    failure = answer["payload"]["failure"]
    client = ClientCore(peer)

    def outcome_of(message: str) -> Any:
        call, _ = client.call(**asked)
        told = body(answer, _msg_id=call.id.hex(), failure=failure | {"message": message})
        assert client.receive(unseal(told).payload) == [call]
        return call.plan.outcome(call)

    with pytest.raises(RemoteError) as caught:
        outcome_of(failure["message"])
    assert caught.value.type_name == failure["class"]
    with pytest.raises(kind, match="Endpoint does not support RPC"):
        outcome_of(failure["message"].replace("missing", "newer").replace("2.4", "2.0"))
