"""What a client concludes from what servers say, and from their silence."""

from __future__ import annotations

from rpcgen.runtime import ConnectionLost, Target
from rpcgen.runtime.drivers.kombu.ages import Ages
from rpcgen.runtime.drivers.kombu.census import Census
from rpcgen.runtime.drivers.kombu.directory import ASKED, FRESH, SILENCE, Directory
from rpcgen.runtime.drivers.kombu.letters import (
    CONTENT_TYPE,
    Here,
    headers,
    here,
    properties,
    read,
    read_here,
)
from rpcgen.runtime.errors import Draining

LAB = Target("test", "lab")
S1 = Here("s1", [("test", "lab")])


def known(*servers: Here) -> Directory:
    directory = Directory()
    for said in servers:
        assert directory.here(said.server, f"queue-{said.server}", said, 100.0) == []
    return directory


def test_a_server_is_chosen_while_it_was_heard_a_moment_ago() -> None:
    """And for its own topics, and by its own name."""
    directory = known(S1)
    chosen = directory.choose(LAB, 100.0 + FRESH)
    assert chosen is not None
    assert chosen.queue == "queue-s1"
    assert directory.choose(LAB, 100.1 + FRESH) is None
    assert directory.choose(Target("test", "other"), 100.0) is None
    assert directory.choose(Target("test", "lab", "s2"), 100.0) is None
    assert directory.choose(Target("test", "lab", "s1"), 100.0) is chosen


def test_the_less_busy_of_two_is_chosen() -> None:
    """As its calls that wait say."""
    directory = known(S1, Here("s2", [("test", "lab")]))
    busy = directory.by_token("s1")
    assert busy is not None
    busy.outstanding = 3
    assert {directory.choose(LAB, 100.0) for _ in range(20)} == {directory.by_token("s2")}


def test_silence_counts_when_it_was_asked() -> None:
    """A client that was stopped itself has heard nobody, and has asked nobody."""
    directory = known(S1)
    late = 100.1 + SILENCE
    assert directory.silent(late) == []
    for _ in range(ASKED):
        directory.asking()
    assert directory.silent(100.0 + SILENCE) == []
    [(token, station, error)] = directory.silent(late)
    assert (token, station.name, station.gone) == ("s1", "s1", True)
    assert isinstance(error, ConnectionLost)
    assert directory.choose(LAB, 100.0) is None


def test_another_life_may_have_lost_what_was_sent_to_the_first() -> None:
    """Whoever waits is told, and the server goes on as another one."""
    directory = known(S1)
    first = directory.by_token("s1")
    [(_, station, error)] = directory.here(
        "s1", "queue-s1", Here("s1", [("test", "lab")], False, 1), 101.0
    )
    assert station is first
    assert isinstance(error, ConnectionLost)
    second = directory.choose(LAB, 101.0)
    assert second is not None
    assert second is not first


def test_who_drains_is_not_chosen_and_still_answers() -> None:
    """It is known until it says that it has ended, which says that it ran nothing more."""
    directory = known(S1)
    directory.here("s1", "queue-s1", Here("s1", [("test", "lab")], True), 100.0)
    assert directory.choose(LAB, 100.0) is None
    assert directory.by_token("s1") is not None
    [(_, _, error)] = directory.ended("s1")
    assert isinstance(error, Draining)
    assert directory.ended("s1") == []


def test_a_census_waits_for_those_that_can_hear() -> None:
    """It is complete when each has answered, or has not for so long that nobody waits for it."""
    census = Census()
    assert not census.complete(1.0)
    assert census.counted({"a", "b"}, 2.0) == []
    census.heard("a", 2.1)
    assert not census.complete(1.0)
    census.heard("b", 2.2)
    assert census.complete(2.0)
    assert census.counted({"a", "b"}, 3.0) == []  # another question
    census.heard("b", 3.1)
    assert not census.complete(3.0)
    census.left("a")
    assert census.complete(3.0)


def test_a_census_tells_the_dead_from_the_slow() -> None:
    """Many questions in one moment prove nothing."""
    census = Census()
    for _ in range(20):
        assert census.counted({"dead"}, 10.0) == []
    assert not census.complete(10.0)
    assert census.counted({"dead"}, 11.5) == []
    assert census.complete(11.0)
    assert census.counted({"dead"}, 10.1 + SILENCE) == ["dead"]


def test_an_age_is_what_is_above_the_fastest_way() -> None:
    """Clocks that show different times do not matter."""
    ages = Ages()
    assert ages.age("c", 5000.0, 10.0) == 0.0
    assert ages.age("c", 5001.0, 14.0) == 3.0
    assert ages.age("c", 5002.0, 11.5) == 0.0  # faster than the first
    assert ages.age("c", 5003.0, 12.75) == 0.25
    ages.forget("c")
    assert len(ages) == 0


def test_what_anybody_can_write_is_read_with_care() -> None:
    """Other types and other bounds make no letter, or one that says less."""
    good = read(CONTENT_TYPE, properties("who", "q"), headers(1.0, 2.0), b"x")
    assert good is not None
    assert (good.kind, good.sender, good.sent, good.left, good.body) == ("who", "q", 1.0, 2.0, b"x")
    assert read("application/json", properties("who", "q"), {}, b"") is None
    assert read(CONTENT_TYPE, {"type": 1, "reply_to": "q"}, {}, b"") is None
    assert read(CONTENT_TYPE, {"type": "who"}, {}, b"") is None
    assert read(CONTENT_TYPE, None, [], b"") is None
    for left in (float("nan"), float("inf"), "1", True, None, 10**400):
        letter = read(CONTENT_TYPE, properties("who", "q"), {"left": left}, "text")
        assert letter is not None
        assert letter.left is None
        assert letter.body == b""


def test_a_server_that_cannot_be_is_not_believed() -> None:
    """Names of servers and topics are those of targets."""
    assert read_here(here(S1)) == S1
    assert read_here(here(Here("s*", []))) is None
    assert read_here(here(Here("s1", [("a", "#")]))) is None
    assert read_here(b"\xc1") is None
    assert read_here(b"\x91" * 100_000) is None
