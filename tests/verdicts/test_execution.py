"""Random interface, random change: what the check says agrees with what becomes of messages between the generated code of both.

After "none" or "minor" no message that the language permits fails or changes its meaning; after "major" there is one, or the
finding says why no message shows it. RPCGEN_VERDICTS=n tries n pairs, other ones each time, and keeps those on which they
disagree as cases of the check. It takes all processors, or RPCGEN_PROCESSES of them; RPCGEN_SEED chooses the first pair.
"""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from random import SystemRandom

import pytest
from rpcgen.idl.compat import rule_ids

from tests.idl.compat.cases import CASES
from tests.verdicts.agreement import disagreement
from tests.verdicts.exploring import Run, ending, explore_all, report
from tests.verdicts.mutations import MUTATIONS
from tests.verdicts.pairs import TOGETHER
from tests.verdicts.shifts import SHIFTS
from tests.verdicts.unmet import UNMET

LONG = int(os.environ.get("RPCGEN_VERDICTS", "0"))
PROCESSES = int(os.environ.get("RPCGEN_PROCESSES", os.cpu_count() or 1))
# Whichever test is first runs the pairs of all.
pytestmark = pytest.mark.timeout(1200)


def test_every_change_is_tried_and_every_rule_is_met(run: Run) -> None:
    """The pairs leave nothing out; so much for what agrees below."""
    changes = {change for pair, _ in run for change in pair.changes}
    rules = {each.rule for pair, _ in run for each in pair.judged().findings}
    assert set(MUTATIONS) - changes == set()
    assert set(rule_ids()) - rules - {*SHIFTS, *UNMET} == set()
    assert set(UNMET) & rules == set()


def test_verdicts_agree_with_what_becomes_of_messages(run: Run, tmp_path: Path) -> None:
    """No pair disagrees."""
    print(_ended(run))
    wrong = [pair for pair, found in run if disagreement(pair, pair.judged(), found)]
    assert [report(pair, tmp_path, tmp_path / "cases") for pair in wrong] == []


def test_one_imported_file_costs_each_interface_its_own(run: Run) -> None:
    """Nothing, a minor or a major, by what each does with its types and when it says that they changed."""
    ends = {pair.seed: ending(pair.judged(), found) for pair, found in run if pair.imports}
    both = {(ends[seed], ends[seed + 1]) for seed in ends if seed % 2 == 0}
    assert both >= {
        ("major, broken", "none, fine"),
        ("none, fine", "major, broken"),
        ("minor, fine", "major, broken"),
        ("minor, fine", "minor, fine"),
    }


@pytest.mark.skipif(not LONG, reason="RPCGEN_VERDICTS says how many pairs to try")
@pytest.mark.timeout(60 + LONG)
def test_other_pairs_agree_too() -> None:
    """No pair disagrees among others than those of every run; those that do are kept as cases."""
    first = int(os.environ.get("RPCGEN_SEED", SystemRandom().randrange(0, 10**9, TOGETHER)))
    print(f"pairs {first} to {first + LONG}, in {PROCESSES} processes")
    ended = explore_all(first, LONG, CASES, PROCESSES)
    print(dict(ended.verdicts))
    assert ended.wrong == []
    assert ended.verdicts.total() == LONG


def _ended(run: Run) -> dict[str, int]:
    return dict(Counter(ending(pair.judged(), found) for pair, found in run))
