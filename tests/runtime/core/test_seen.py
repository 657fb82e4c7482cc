"""What a server remembers of requests that came, and of fanouts that did not."""

from __future__ import annotations

from itertools import count

import pytest
from rpcgen.runtime.core.calls import LONGEST, Series
from rpcgen.runtime.core.seen import Gaps, Seen
from rpcgen.runtime.target import Target

TARGET = Target("e", "t", fanout=True)


def test_what_comes_again_is_known_for_a_while() -> None:
    """An id with another attempt is another message; what came long ago is forgotten."""
    seen = Seen(window=10)
    assert not seen.again(b"a", 1)
    assert seen.again(b"a", 1)
    assert not seen.again(b"a", 2)
    assert seen.again(b"a", 2)
    later = [seen.again(b"%d" % n, 1) for n in range(8)]
    assert not any(later)
    assert seen.again(b"a", 1)
    assert not any(seen.again(b"later %d" % n, 1) for n in range(20))
    assert not seen.again(b"a", 1)


def test_memory_has_a_limit() -> None:
    """Twice the window at most."""
    seen = Seen(window=100)
    for number in range(1000):
        seen.again(b"%d" % number, 1)
        assert len(seen._now) + len(seen._before) <= 200


def ids() -> Series:
    """A sender whose series are named 0, 1, 2..."""
    numbers = count()
    return Series(lambda: b"%d" % next(numbers))


def test_fanouts_are_numbered_by_topic() -> None:
    """One series for each, from 1, and another when it is full."""
    series = ids()
    other = Target("e", "other", fanout=True)
    assert [series.next(TARGET) for _ in range(2)] == [(b"0", 1), (b"0", 2)]
    assert series.next(other) == (b"1", 1)
    assert series.next(TARGET) == (b"0", 3)
    series._series["e", "t"] = b"0", count(LONGEST)
    assert series.next(TARGET) == (b"0", LONGEST)
    assert series.next(TARGET) == (b"2", 1)


@pytest.mark.parametrize(
    ("numbers", "missed"),
    [
        ([1, 2, 3], 0),
        ([7, 8], 0),  # what was sent before was not for us
        ([1, 4], 2),
        ([1, 4, 9], 6),
        ([1, 4, 3, 2], 0),  # late ones are found after all
        ([5, 3, 6], 0),
        ([1, 4, 4], 2),
    ],
)
def test_what_is_missing_is_counted(numbers: list[int], missed: int) -> None:
    """Exactly, between the first that came and the last."""
    gaps = Gaps()
    assert sum(gaps.heard(b"series", number) for number in numbers) == missed


def test_series_do_not_mix_and_are_forgotten() -> None:
    """Above a number of senders, the one that was silent longest."""
    gaps = Gaps(remembered=2)
    assert [gaps.heard(name, 1) for name in (b"a", b"b", b"c")] == [0, 0, 0]
    assert gaps.heard(b"a", 5) == 0
    assert gaps.heard(b"c", 3) == 1
    assert len(gaps._heard) == 2
