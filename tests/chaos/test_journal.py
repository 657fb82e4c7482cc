"""The checker finds what is planted in journals that were in order, and nothing in those that are."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from tests.chaos.journal import (
    Began,
    Checker,
    Ended,
    Entry,
    Facts,
    Journal,
    Killed,
    Lived,
    Ran,
    Reading,
)

FACTS = Facts(fallback={"gone": "idle"}, since={"gone": (1, 2), "by": (1, 2)})
OLD = Lived("s1", [(1, 1)], began=0.0, ended=50.0)
NEW = Lived("s1", [(1, 2)], began=50.0, ended=100.0)

#: A call of an old client, answered by a new server.
BEGAN = Began(
    "a-1",
    "a",
    "place",
    cast=False,
    expect={"ticket": "a-1", "size": 3, "tone": "plain"},
    given=["ticket", "size"],
    may=["ok"],
    at=60.0,
    least=(1, 1),
    reader=(1, 1),
)
RAN = Ran(
    "a-1",
    "s1",
    "second",
    seen={"ticket": "a-1", "size": 3, "tone": "plain"},
    answer={"state": "gone", "by": "s1"},
    needs=(1, 1),
    reader=1,
    at=60.1,
)
ENDED = Ended("a-1", "ok", at=60.2, took=0.2, got={"state": "idle"})
CALL: list[Entry] = [BEGAN, RAN, ENDED]

#: A message that was too new for the server of its time.
ASKED = replace(BEGAN, ticket="b-1", client="b", may=["ok", "version"], at=10.0, least=(1, 2))
REFUSED = Ended("b-1", "version", at=10.1, took=0.1, text="too new")
REFUSAL: list[Entry] = [ASKED, REFUSED]

#: A cast of a pinned client, which leaves out `size`.
SAID = replace(
    BEGAN,
    ticket="c-1",
    client="c",
    cast=True,
    given=["ticket"],
    at=20.0,
    least=None,
    pin=(1, 1),
)
HEARD = replace(RAN, ticket="c-1", seen={"ticket": "a-1"}, answer={}, at=20.3)
SENT = Ended("c-1", "ok", at=20.1, took=0.1)
CAST: list[Entry] = [SAID, HEARD, SENT]

#: A fanout to two servers and to one that did not read.
FANNED = replace(SAID, ticket="d-1", client="d", everybody=["s1", "s2", "s3"])
SPREAD = Ended("d-1", "ok", at=20.1, took=0.1, got={"peers": ["s1", "s2"], "refused": ["s3"]})
ON_S1, ON_S2 = (replace(HEARD, ticket="d-1", server=name) for name in ("s1", "s2"))
FANOUT: list[Entry] = [FANNED, SPREAD, ON_S1, ON_S2]

#: A cast that is kept, and ran again when its first server had died.
STORED = replace(SAID, ticket="e-1", client="e", kept=True, limit=1.0)
FIRST = replace(HEARD, ticket="e-1")
SECOND = replace(FIRST, server="s2", at=29.0, attempt=2)
KEPT: list[Entry] = [STORED, replace(SENT, ticket="e-1"), FIRST, SECOND]

GOOD: list[Entry] = [OLD, NEW, *CALL, *REFUSAL, *CAST, *FANOUT, *KEPT]


def found(entries: list[Entry]) -> list[str]:
    """The kinds of what the checker finds."""
    return sorted(violation.kind for violation in Checker(entries, FACTS).violations())


def but(*changes: tuple[Entry, list[Entry]]) -> list[Entry]:
    """The good journals with some entries replaced."""
    entries: list[Entry] = []
    for entry in GOOD:
        entries += next((new for old, new in changes if entry is old), [entry])
    return entries


def test_journals_in_order_are_left_alone() -> None:
    """A call that was translated, a refusal, and a cast that left something out."""
    assert found(GOOD) == []
    assert found(list(reversed(GOOD))) == []


UNKNOWN = replace(ENDED, outcome="unknown", got={})
TURNED_AWAY = replace(ENDED, outcome="version", got={})
PINNED = replace(SENT, outcome="pinned")

PLANTED: dict[str, tuple[list[Entry], list[str]]] = {
    "a call without an end": (but((ENDED, [])), ["lost"]),
    "a call that never ran": (but((RAN, [])), ["lost"]),
    "a cast that never ran": (but((HEARD, [])), ["lost"]),
    "a call that ran twice": (but((RAN, [RAN, replace(RAN, server="s2")])), ["duplicated"]),
    "a call whose second attempt has another id": (
        but((BEGAN, [replace(BEGAN, runs=2)]), (RAN, [RAN, replace(RAN, id="other")])),
        ["duplicated"],
    ),
    "a cast that ran twice": (but((HEARD, [HEARD, HEARD])), ["duplicated"]),
    "a kept cast that never ran": (but((FIRST, []), (SECOND, [])), ["lost"]),
    "a kept cast that ran again without a word": (
        but((SECOND, [replace(SECOND, attempt=1)])),
        ["duplicated"],
    ),
    "a run that nobody asked for": (but((RAN, [RAN, replace(RAN, ticket="z")])), ["unexplained"]),
    "an end that never began": (but((ENDED, [ENDED, replace(ENDED, ticket="z")])), ["unexplained"]),
    "a ticket that was used twice": (but((BEGAN, [BEGAN, BEGAN])), ["unexplained"]),
    "a compatible call that failed": (but((ENDED, [UNKNOWN])), ["failed"]),
    "a compatible call that was refused": (
        but((RAN, []), (ENDED, [TURNED_AWAY])),
        ["failed", "unexplained"],
    ),
    "a pinned cast that was refused": (but((HEARD, []), (SENT, [PINNED])), ["failed"]),
    "a refused call that ran": (
        but((REFUSED, [REFUSED, replace(RAN, ticket="b-1", seen=ASKED.expect)])),
        ["unexplained"],
    ),
    "a refusal though all servers were new": (
        but((ASKED, [replace(ASKED, at=60.0)]), (REFUSED, [replace(REFUSED, at=60.1)])),
        ["unexplained"],
    ),
    "a late refusal": (but((REFUSED, [replace(REFUSED, took=1.1)])), ["slow"]),
    "a value that changed": (
        but((RAN, [replace(RAN, seen={**RAN.seen, "size": 4})])),
        ["misread"],
    ),
    "a value that got lost": (but((RAN, [replace(RAN, seen={"ticket": "a-1"})])), ["misread"]),
    "a wrong default": (but((RAN, [replace(RAN, seen={**RAN.seen, "tone": "x"})])), ["misread"]),
    "a value from nowhere": (but((RAN, [replace(RAN, seen={**RAN.seen, "y": 1})])), ["misread"]),
    "a message above its pin": (
        but((HEARD, [replace(HEARD, needs=(1, 2))])),
        ["misread"],
    ),
    "another reader": (but((RAN, [replace(RAN, reader=0)])), ["misread"]),
    "a value that the reader does not know": (
        but((ENDED, [replace(ENDED, got={"state": "gone"})])),
        ["misread"],
    ),
    "a field that the reader does not know": (
        but((ENDED, [replace(ENDED, got={"state": "idle", "by": "s1"})])),
        ["misread"],
    ),
    "another result": (but((ENDED, [replace(ENDED, got={"state": "busy"})])), ["misread"]),
    "a call that hung": (
        but((BEGAN, [replace(BEGAN, limit=1.0)]), (ENDED, [replace(ENDED, took=1.6)])),
        ["hung"],
    ),
    "a fanout over a broker that missed a server": (
        but(
            (FANNED, [replace(FANNED, named=False)]),
            (SPREAD, [replace(SPREAD, got={"peers": ["all"], "refused": []})]),
        ),
        ["lost"],
    ),
    "a run after the deadline": (
        but((BEGAN, [replace(BEGAN, limit=1.0)]), (RAN, [replace(RAN, at=61.6)])),
        ["overdue"],
    ),
    "a third run of what may run twice": (
        but((BEGAN, [replace(BEGAN, runs=2)]), (RAN, [RAN, RAN, RAN])),
        ["duplicated"],
    ),
    "a call without an end of a client that lives, beside one that was killed": (
        [*but((ENDED, [])), Killed("b", at=60.1)],
        ["lost"],
    ),
    "a second run of a killed client's call": (
        [*but((ENDED, []), (RAN, [RAN, RAN])), Killed("a", at=60.1)],
        ["duplicated"],
    ),
    "the result of neither run": (
        but(
            (BEGAN, [replace(BEGAN, runs=2)]),
            (RAN, [RAN, replace(RAN, server="s2", answer={"state": "gone", "by": "s2"})]),
            (ENDED, [replace(ENDED, got={"state": "busy"})]),
        ),
        ["misread"],
    ),
    "a fanout that a server got twice": (but((ON_S1, [ON_S1, ON_S1])), ["duplicated"]),
    "a fanout that got lost": (but((ON_S2, [])), ["lost"]),
    "a fanout to one who came later": (
        but((ON_S2, [ON_S2, replace(ON_S2, server="s4")])),
        ["unexplained"],
    ),
    "a fanout to one who is named missed": (
        but((ON_S2, [ON_S2, replace(ON_S2, server="s3")])),
        ["unexplained"],
    ),
    "a fanout that does not say whom it missed": (
        but((SPREAD, [replace(SPREAD, got={"peers": ["s1", "s2"], "refused": []})])),
        ["unexplained"],
    ),
    "a fanout that failed": (but((SPREAD, [replace(SPREAD, outcome="not_sent")])), ["failed"]),
    "a fanout without an end": (but((SPREAD, [])), ["failed"]),
    "no result": (but((ENDED, [replace(ENDED, got={})])), ["misread"]),
}


@pytest.mark.parametrize("what", PLANTED)
def test_what_is_planted_is_found(what: str) -> None:
    """Each violation alone, and nothing else with it."""
    entries, kinds = PLANTED[what]
    assert entries != GOOD
    assert found(entries) == kinds


def test_what_a_killed_client_began_needs_no_end() -> None:
    """Whether it ran or not, and in time as well as just behind it."""
    assert found([*but((ENDED, [])), Killed("a", at=60.1)]) == []
    assert found([*but((ENDED, []), (RAN, [])), Killed("a", at=60.1)]) == []
    timed = replace(BEGAN, limit=0.1, runs=2)
    other = replace(RAN, at=60.3, answer={"state": "busy"})
    assert found(but((BEGAN, [timed]), (RAN, [RAN, other]))) == []


def test_a_cast_may_be_refused_unheard_while_an_old_server_lives() -> None:
    """It is lost only if every server understood it."""
    cast = replace(ASKED, cast=True)
    sent = replace(REFUSED, outcome="ok")
    assert found(but((ASKED, [cast]), (REFUSED, [sent]))) == []
    late = but((ASKED, [replace(cast, at=60.0)]), (REFUSED, [replace(sent, at=60.1)]))
    assert found(late) == ["lost"]


def test_a_journal_is_read_while_it_is_written(tmp_path: Path) -> None:
    """Whole lines only, and each once."""
    path = tmp_path / "a.jsonl"
    reading = Reading(path)
    assert list(reading.news()) == []
    journal = Journal(path)
    for entry in GOOD:
        journal.write(entry)
    assert list(reading.news()) == GOOD
    with path.open("ab") as file:
        file.write(msgspec.json.encode(ENDED)[:10])
    assert list(reading.news()) == []
    journal.close()
