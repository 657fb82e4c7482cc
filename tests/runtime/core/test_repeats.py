"""Which of many like log lines are written."""

from __future__ import annotations

from rpcgen.runtime.core.repeats import KINDS, PAUSE, Repeats, more


def test_the_first_line_is_written_and_then_one_in_a_while() -> None:
    """It says how many were held back."""
    repeats = Repeats()
    assert repeats.worth(100.0, "run", "Expired") == 0
    assert [repeats.worth(100.0 + n, "run", "Expired") for n in range(5)] == [None] * 5
    assert repeats.worth(100.0, "run", "Overloaded") == 0
    assert repeats.worth(100.0 + PAUSE, "run", "Expired") == 5
    assert more(0) == ""
    assert "5 more" in more(5)


def test_kinds_that_others_make_up_cost_no_memory() -> None:
    """Beyond a number of kinds, all others are one."""
    repeats = Repeats()
    written = [repeats.worth(1.0, f"name {n}") for n in range(10 * KINDS)]
    assert written.count(0) == KINDS + 1
    assert written[-1] is None
    assert repeats.worth(1.0 + PAUSE, "another name") == 10 * KINDS - KINDS - 1
