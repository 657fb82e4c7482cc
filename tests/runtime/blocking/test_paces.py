"""Which handlers are taken to be quick."""

from __future__ import annotations

from typing import cast

import pytest
from rpcgen.runtime.blocking.paces import MEMORY, PROOF, QUICK, Paces
from rpcgen.runtime.core.entry import Entry

#: Told apart by what they are; nothing in them is looked at.
ONE, OTHER = cast("Entry", object()), cast("Entry", object())


def quick_after(paces: Paces) -> int:
    """How many quick runs it takes until the next is expected to be quick."""
    runs = 0
    while not paces.is_quick(ONE):
        paces.ran(ONE, QUICK)
        runs += 1
    return runs


def test_a_handler_has_to_show_that_it_is_quick() -> None:
    """One that never ran may wait for ever."""
    paces = Paces()
    assert quick_after(paces) == PROOF
    assert not paces.is_quick(OTHER)


@pytest.mark.parametrize("times", [2, 10, 60])
def test_the_slower_a_run_was_the_longer_it_is_remembered(times: int) -> None:
    """One in fifty that waits is enough, however quick the others are."""
    paces = Paces()
    quick_after(paces)
    paces.ran(ONE, QUICK * times)
    assert quick_after(paces) == PROOF * times


def test_nothing_is_remembered_for_ever() -> None:
    """Not even one that waited for a minute."""
    paces = Paces()
    paces.ran(ONE, 60.0)
    assert quick_after(paces) == MEMORY


def test_a_run_that_was_not_so_slow_makes_nothing_forgotten() -> None:
    """Quick ones take longer, too, beside those that are slow."""
    paces = Paces()
    paces.ran(ONE, QUICK * 50)
    paces.ran(ONE, QUICK * 2)
    assert quick_after(paces) == PROOF * 50
