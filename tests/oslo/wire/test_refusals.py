"""What our server refuses our client, and what its handlers cannot say: the kinds of errors stay what they are."""

from __future__ import annotations

from types import ModuleType

import pytest
from rpcgen.runtime import (
    BadResult,
    ConnectionLost,
    Draining,
    MistypedArgument,
    Overloaded,
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
    server.serving.work.abandon()
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


@pytest.mark.parametrize("error", [Draining("it is stopping"), ConnectionLost("it went away")])
def test_what_comes_out_of_a_handler_is_none_of_ours(
    peer: ModuleType, client: ClientCore, error: Exception
) -> None:
    """A handler that another server refused, or that lost it, has run: its caller may not believe the opposite."""

    def fail(ctx: object) -> str:
        raise error

    made = endpoint(peer, "host1")
    made.where = fail
    server = ServerCore(made)
    with pytest.raises(RemoteError) as caught:
        between(server, client, "where")
    assert caught.value.type_name == type(error).__name__


def test_a_server_that_stops_refuses_nobody_who_would_not_ask_another(
    peer: ModuleType, client: ClientCore
) -> None:
    """Hand-written clients take a refusal for the end of the call; what still comes is few, and is run."""
    server = ServerCore(endpoint(peer, "host1"))
    server.serving.work.drain()
    assert between(server, client, "where") == "host1"


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
