"""Many mixed operations, each kind asking the other at the same time; what becomes of them must not differ.

`make soak` runs 10,000; make test a few hundred. RPCGEN_OPERATIONS says how many.
"""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import Empty, SimpleQueue
from types import ModuleType
from typing import Any

import pytest
from rpcgen.runtime import Server

from tests.compiled import compile_to
from tests.oslo.conftest import WATCHED
from tests.oslo.operations import (
    SERVERS,
    Operation,
    Outcome,
    ask,
    journal_mistakes,
    operations,
    their_outcome,
)
from tests.oslo.processes import OsloClient, OsloServer
from tests.oslo.recorded import HERE
from tests.packages import import_from

COUNT = int(os.environ.get("RPCGEN_OPERATIONS", "600"))
SEED = int(os.environ.get("RPCGEN_SEED", "0")) or secrets.randbits(31)

#: Seconds for which a note may be under way after the last answer.
LATE = 5.0


@pytest.fixture(scope="module")
def wider(tmp_path_factory: pytest.TempPathFactory) -> ModuleType:
    """peer.yaml and more than the servers serve."""
    directory: Path = tmp_path_factory.mktemp("wider")
    text = (HERE / "peer.yaml").read_text()
    text = text.replace('version: "2.3"', 'version: "2.4"').replace("peer.lab", "peer.wider")
    text += '  newest: {call: any, since: "2.4"}\n  missing: {call: any}\n'
    (directory / "wider.yaml").write_text(text)
    compile_to(directory, directory / "wider.yaml")
    return import_from(directory, "peer_wider")


def asked_by_theirs(asker: OsloClient, topic: str, asked: list[Operation]) -> dict[int, Outcome]:
    for operation in asked:
        prepare = {"topic": topic, **operation.get("prepare", {})}
        asker.tell({"args": {}, **operation, "prepare": prepare, "beside": True})
    told = [asker.hear(60.0) for _ in asked]
    return {each["id"]: their_outcome(each) for each in told}


def asked_by_ours(client: Any, asked: list[Operation]) -> dict[int, Outcome]:
    with ThreadPoolExecutor(8) as pool:
        outcomes = pool.map(lambda operation: ask(client, operation), asked)
        return {
            operation["id"]: outcome for operation, outcome in zip(asked, outcomes, strict=True)
        }


def everything(noted: Callable[[float], Any], count: int) -> list[tuple[str, str]]:
    """All notes that were taken, and none that comes late."""
    taken: list[tuple[str, str]] = []
    end = time.monotonic() + LATE
    while time.monotonic() < end:
        try:
            taken.append(noted(0.3 if len(taken) >= count else 1.0))
        except Empty:
            if len(taken) >= count:
                break
    return taken


@pytest.mark.timeout(900)
def test_nobody_can_tell(
    wider: ModuleType,
    ours: str,
    asker: OsloClient,
    serve: Callable[..., Server],
    serve_theirs: Callable[..., OsloServer],
    topic: str,
) -> None:
    """The same operations come to the same end, whichever side asks and whichever serves; casts run where they are to."""
    asked = operations(COUNT // 2, SEED)
    noted: SimpleQueue[tuple[str, str]] = SimpleQueue()
    for name in SERVERS:
        serve(name, noted)
    ours_at, theirs_at = topic, f"{topic}-theirs"
    process = serve_theirs(*SERVERS, topic=theirs_at)
    with (
        wider.WiderClient(ours, topic=theirs_at, timeout=60.0, profiles=WATCHED) as client,
        ThreadPoolExecutor(2) as pool,
    ):
        begun = time.monotonic()
        their = pool.submit(asked_by_theirs, asker, ours_at, asked)
        our = pool.submit(asked_by_ours, client, asked)
        outcomes = {"theirs to ours": their.result(), "ours to theirs": our.result()}
        took = time.monotonic() - begun

    copies = sum(
        len(SERVERS) if "fanout" in o["prepare"] else 1 for o in asked if o["method"] == "note"
    )
    by_ours = everything(lambda limit: tuple(reversed(noted.get(timeout=limit))), copies)
    by_theirs = everything(lambda limit: note_of(process, limit), copies)
    differences = [
        f"{direction}: {operation}: {got[operation['id']]}"
        for direction, got in outcomes.items()
        for operation in asked
        if got[operation["id"]] != operation["expected"]
    ]
    differences += [f"at ours: {each}" for each in journal_mistakes(asked, by_ours)]
    differences += [f"at theirs: {each}" for each in journal_mistakes(asked, by_theirs)]
    print(
        f"{2 * len(asked)} operations in {took:.1f} s, {2 * copies} notes, {len(differences)} differences, seed {SEED}"
    )
    assert not differences, "\n".join(differences[:10])


def note_of(process: OsloServer, limit: float) -> tuple[str, str]:
    said = process.said(limit)
    return said["noted"], said["server"]


def test_the_journal_is_judged() -> None:
    """Notes that ran twice, not at all, elsewhere, or were never sent are found."""
    asked = [
        {"method": "note", "args": {"text": text}, "prepare": prepare}
        for text, prepare in (("a", {}), ("s", {"server": "host1"}), ("f", {"fanout": True}))
    ]
    good = [("a", "host2"), ("s", "host1"), ("f", "host1"), ("f", "host2")]
    assert journal_mistakes(asked, good) == []
    for wrong in (good[1:], [*good, good[0]], [*good, ("x", "host1")], [*good[:3], good[2]]):
        assert len(journal_mistakes(asked, wrong)) == 1
    assert len(journal_mistakes(asked, [good[0], ("s", "host2"), *good[2:]])) == 1
