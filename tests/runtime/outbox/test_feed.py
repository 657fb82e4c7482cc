"""In which order the messages of one destination leave."""

from __future__ import annotations

from rpcgen.runtime.outbox.feed import FIRST_PAUSE, LONGEST_PAUSE, WINDOW, Feed


def hand_over(feed: Feed, now: float) -> list[int]:
    """As many as may leave."""
    handed: list[int] = []
    while feed.room(now) > 0:
        handed.append(feed.after + 1)
        feed.handed(feed.after + 1)
    return handed


def test_the_first_goes_alone_and_the_rest_together() -> None:
    """Whether anybody is there is not known before."""
    feed = Feed(1_000)
    assert hand_over(feed, 0.0) == [1]
    feed.arrived(1, 0.0)
    assert hand_over(feed, 0.0) == list(range(2, 2 + WINDOW))
    feed.arrived(2, 0.0)
    assert hand_over(feed, 0.0) == [2 + WINDOW]


def test_what_failed_is_the_next_when_the_rest_has_ended() -> None:
    """After a pause, alone; then those behind it, also those that had arrived: whoever reads them leaves them out."""
    feed = Feed(5)
    feed.handed(1)
    feed.arrived(1, 0.0)
    assert hand_over(feed, 0.0) == [2, 3, 4, 5]
    feed.failed(4, 0.0, "no luck")
    feed.failed(2, 0.0, "no luck")
    assert hand_over(feed, 0.0) == []
    feed.arrived(3, 0.0)
    assert hand_over(feed, 100.0) == []
    feed.arrived(5, 1.0)
    assert hand_over(feed, 1.0) == []
    assert feed.due == 1.0 + FIRST_PAUSE
    assert hand_over(feed, feed.due) == [2]


def test_pauses_grow_until_something_arrives() -> None:
    """Up to the longest."""
    feed, now, pauses = Feed(2), 0.0, list[float]()
    for _ in range(10):
        assert hand_over(feed, now) == [1]
        feed.failed(1, now, "nobody is there")
        pauses.append(feed.due - now)
        now = feed.due
    assert pauses[0] == FIRST_PAUSE
    assert pauses == sorted(pauses)
    assert abs(pauses[-1] - LONGEST_PAUSE) < 1e-6
    assert feed.why == "nobody is there"
    assert hand_over(feed, now) == [1]
    feed.arrived(1, now)
    assert feed.why == ""
    assert hand_over(feed, now) == [2]
    feed.failed(2, now, "gone")
    assert abs(feed.due - now - FIRST_PAUSE) < 1e-6


def test_a_feed_is_idle_when_nothing_is_left_of_it() -> None:
    """Also if the last were removed by somebody else."""
    feed = Feed(3)
    assert not feed.idle
    feed.handed(1)
    feed.exhausted()
    assert not feed.idle
    feed.arrived(1, 0.0)
    assert feed.idle
