"""A folder whose disk was full."""

from __future__ import annotations

import resource
import signal
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
from rpcgen.runtime import NotSent, RpcgenError, Server

from tests.conformance.lab import Bench, endpoint
from tests.conformance.waiting import eventually


def works(client: object) -> bool:
    """Whether a call reaches a server."""
    try:
        return client.prepare(timeout=1.0).add(a=1) == 2  # type: ignore[attr-defined, no-any-return]
    except RpcgenError:
        return False


@pytest.mark.parametrize("half", ["", '[["", "", "te'])
def test_a_list_of_servers_that_is_half_there_is_begun_anew(
    lab: ModuleType, place: Callable[[str], str], tmp_path: Path, half: str
) -> None:
    """By whoever cannot read it; the servers that are there write themselves down again."""
    url = place("filesystem")
    with (
        Server(url, server="s1", endpoints=[endpoint(lab, Bench(), "s1")]),
        lab.LabClient(url) as client,
    ):
        eventually(lambda: works(client), 10.0)
        [table] = tmp_path.glob("*/control/*.directory.exchange")
        table.write_text(half)
        with lab.LabClient(url) as other:
            eventually(lambda: works(other), 15.0)
        eventually(lambda: works(client), 15.0)


def test_a_list_of_groups_is_not_forgotten(
    lab: ModuleType, place: Callable[[str], str], tmp_path: Path
) -> None:
    """Groups do not write themselves down again, so somebody has to look at it."""
    url = place("filesystem")
    with lab.LabClient(url) as client, pytest.raises(NotSent):
        client.prepare(timeout=0.5).add(a=1)
    [table] = tmp_path.glob("*/control/*.events.exchange")
    table.write_text("[[")
    with lab.LabClient(url) as client, pytest.raises(NotSent):
        client.prepare(timeout=0.5).add(a=1)
    assert table.read_text() == "[["


def test_a_full_disk_is_not_littered(
    lab: ModuleType, place: Callable[[str], str], tmp_path: Path
) -> None:
    """What could not be written is removed again, at each attempt."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # as Python has it
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, before[1]))
    try:
        with lab.LabClient(place("filesystem")) as client, pytest.raises(NotSent):
            client.prepare(timeout=1.0).add(a=1)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert list(tmp_path.glob("*/control/*")) == []
