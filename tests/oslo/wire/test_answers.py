"""Answers that no peer of today sends."""

from __future__ import annotations

import json
from types import ModuleType

import pytest
from rpcgen.runtime import (
    RemoteError,
)

from tests.oslo.cores import ClientCore
from tests.oslo.wire.parts import Payload, failure, told


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


@pytest.mark.parametrize(
    "said",
    [
        '{"class": "NotFound", "class": "Busy", "module": "peer_lab.errors", "message": "m"}',
        '{"class": "Busy", "module": "peer_lab.errors", "message": "m", "kwargs": {"a": 1, "a": 2}}',
    ],
)
def test_a_failure_that_says_two_things(client: ClientCore, said: str) -> None:
    """One reader would raise this error, another that one."""
    with pytest.raises(RemoteError, match="comes twice"):
        told(client, {"failure": said}, name="fail", how="busy")


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
