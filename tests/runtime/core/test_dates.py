"""What exists when, across majors."""

from __future__ import annotations

import pytest
from rpcgen.runtime.core.dates import exists, has_begun, has_ended, minor_in, next_after

Bounds = tuple[tuple[int, int], ...]

BEGUN: list[tuple[Bounds, tuple[int, int], bool, tuple[int, int] | None]] = [
    ((), (5, 0), True, None),
    (((5, 12),), (5, 11), False, (5, 12)),
    (((5, 12),), (5, 12), True, None),
    (((5, 12),), (6, 0), True, None),
    (((5, 12),), (4, 9), False, (5, 12)),
    (((5, 13), (6, 2)), (6, 1), False, (6, 2)),
    (((5, 13), (6, 2)), (5, 13), True, (6, 2)),
    (((5, 13), (6, 2)), (7, 0), True, None),
    (((6, 2),), (5, 13), False, (6, 2)),
    (((4, 9), (6, 2)), (5, 13), False, (6, 2)),
    (((4, 9), (6, 2)), (4, 9), True, None),
]


@pytest.mark.parametrize(("since", "at", "begun", "needs"), BEGUN)
def test_a_bound_of_the_own_major_goes_first(
    since: Bounds, at: tuple[int, int], begun: bool, needs: tuple[int, int] | None
) -> None:
    """Otherwise the closest later one; and that is what somebody who asks for it needs."""
    assert has_begun(since, at) is begun
    if not begun:
        assert next_after(since, at) == needs


def test_an_end_counts_like_a_beginning() -> None:
    """Gone at the bound and in all later majors."""
    assert not has_ended((), (9, 9))
    assert not has_ended(((6, 0),), (5, 13))
    assert has_ended(((6, 0),), (6, 0))
    assert has_ended(((6, 0),), (7, 1))
    assert exists(((5, 2),), ((6, 0),), (5, 2))
    assert not exists(((5, 2),), ((6, 0),), (6, 0))


def test_the_minor_of_a_bound_counts_in_its_major_alone() -> None:
    """What began in an older major is there from X.0 on."""
    assert minor_in(((5, 12),), 5) == 12
    assert minor_in(((5, 12),), 6) == 0
    assert minor_in(((5, 13), (6, 2)), 6) == 2
