"""What our server refuses our client, and what its handlers cannot say: the kinds of errors stay what they are."""

from __future__ import annotations

from types import ModuleType

import pytest
from rpcgen.runtime import (
    BadResult,
    Draining,
    MistypedArgument,
    Overloaded,
    Rejected,
    RemoteError,
)

from tests.oslo.cores import ClientCore, ServerCore
from tests.oslo.ours import endpoint
from tests.oslo.wire.parts import answered, between, failure, request, told


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
