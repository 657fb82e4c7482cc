"""nova's compute client, generated, and workers that were written by hand: the tables of its messages, on the broker."""

from __future__ import annotations

import json
from collections.abc import Iterator
from queue import Empty
from typing import Any

import pytest
from rpcgen.runtime import VersionPinned

from tests.examples.cases import Case, Refused, as_it_travels, use
from tests.examples.nova_values import ANSWERS, OlderWorkers, nova
from tests.examples.packages import plain
from tests.examples.test_nova_versions import CASES, WORKERS, id_of
from tests.oslo.processes import Program

PINS = ("5.0", "5.13", "6.0", "none")
TOPICS = ("compute", "compute-alt")


@pytest.fixture(scope="module")
def workers(theirs: str) -> Iterator[Program]:
    """All of them in one process, which says what they hear."""
    told = [json.dumps(each) for each in (WORKERS, TOPICS, plain(ANSWERS))]
    with Program("workers", theirs, *told) as program:
        assert program.hear() == {"serving": True}
        yield program


@pytest.fixture(scope="module")
def client(ours: str) -> Iterator[Any]:
    with nova.ComputeClient(ours, converters=OlderWorkers(), timeout=10.0) as made:
        yield made


@pytest.mark.parametrize("case", CASES, ids=id_of)
def test_messages(client: Any, workers: Program, case: Case) -> None:
    """At each pin the workers get what the table says, where it says, and their answer comes back."""
    said = dict(case.by_pin())
    for pin in PINS:
        expected = as_it_travels(said[pin])
        if isinstance(expected, Refused):
            with pytest.raises(VersionPinned):
                use(client, case, pin)
            continue
        result = use(client, case, pin)
        topic, server = expected.to.split("/")
        heard = [workers.hear() for _ in (WORKERS if server == "all" else [server])]
        assert {each["server"] for each in heard} == (set(WORKERS) if server == "all" else {server})
        for message in heard:
            assert message == {
                "method": heard[0]["method"],
                "version": expected.version,
                "namespace": None,
                "args": json.loads(json.dumps(expected.arguments)),
                "topic": topic,
                "server": message["server"],
                "call": case.kind == "call",
            }
        if case.kind == "call":
            assert result == ANSWERS.get(case.method)


def test_nothing_else_is_sent(workers: Program) -> None:
    """What was refused never left."""
    with pytest.raises(Empty):
        workers.said(0.5)
