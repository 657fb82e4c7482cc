"""Casts of a program that ends at once: what was taken leaves, over every transport."""

from __future__ import annotations

import pytest

from tests.conformance.burst import run
from tests.conformance.conftest import Lab, chosen, name_of
from tests.conformance.waiting import eventually

#: Scheme, world of the clients, world of the servers. Over memory:// a cast has arrived when it returns.
COMBINATIONS = chosen(
    ("zmq+ipc", "blocking", "blocking"),
    ("zmq+ipc", "asyncio", "blocking"),
    ("zmq+tcp+keys", "asyncio", "asyncio"),
    ("amqp", "blocking", "asyncio"),
    ("amqp", "asyncio", "blocking"),
    ("amqp+oslo", "blocking", "asyncio"),
    ("amqp+oslo", "asyncio", "blocking"),
    ("kombu+redis", "blocking", "blocking"),
    ("kombu+filesystem", "asyncio", "blocking"),
)

#: Casts, and how long each is.
COUNT, SIZE = 1_500, 100


@pytest.fixture(params=COMBINATIONS, ids=name_of)
def combination(request: pytest.FixtureRequest) -> tuple[str, str, str]:
    value: tuple[str, str, str] = request.param
    return value


@pytest.mark.parametrize("how", ["closed", "left"])
def test_what_was_taken_leaves(labs: Lab, how: str) -> None:
    """Also if nobody closes the client: the end of the interpreter does."""
    labs.open(queue=10 * COUNT)
    ended = run(labs.package, labs.urls[-1], labs.worlds.client_world, COUNT, SIZE, how)
    assert ended.taken > 0
    eventually(lambda: len(labs.bench.notes) >= ended.taken, 20.0)
    assert (len(labs.bench.notes), ended.dropped, ended.log) == (ended.taken, 0, "")
