"""Random histories x client x pin x server x method x value: the product does what the oracle says, cell by cell.

RPCGEN_SOAK=n tries n times as many histories, and other ones each time.
"""

from __future__ import annotations

import logging
import os
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, note, settings
from hypothesis import strategies as st

from tests.versions.cells import Trial, some_cell
from tests.versions.fleet import Fleet
from tests.versions.gates import try_gate
from tests.versions.histories import make_history
from tests.versions.reference import writing

SOAK = int(os.environ.get("RPCGEN_SOAK", "0"))
#: Histories; cells of each with clients, and with messages that no client writes.
HISTORIES, CELLS, MUTANTS = 50, 45, 30

#: A history is told by a number, and by which of the releases that the number stands for it has.
NUMBER = st.integers(0, 2**32 - 1)
PARTS = st.lists(st.integers(0, 9), min_size=2, max_size=7, unique=True)

property_settings = settings(
    max_examples=HISTORIES * max(1, SOAK),
    derandomize=not SOAK,
    database=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.generate, Phase.shrink],
)


@contextmanager
def fleet_of(seeds: list[int], directory: Path) -> Iterator[Fleet]:
    """The releases of a history, compiled; whoever fails is told the files."""
    fleet = Fleet(make_history(seeds), directory)
    try:
        yield fleet
    except BaseException:
        for release in fleet.history.releases:
            note(release.text)
        raise
    finally:
        fleet.close()


def trial(fleet: Fleet, random: Random) -> str:
    """One cell: a client sends to a server."""
    cell = some_cell(fleet, random)
    try:
        return Trial(fleet, cell).run()
    except BaseException:
        releases = fleet.history.releases
        note(f"client {releases[cell.client].version}, server {releases[cell.server].version}")
        note(repr(cell))
        raise


@pytest.fixture(autouse=True)
def quiet(caplog: pytest.LogCaptureFixture) -> None:
    """Refused casts are logged, and there are many."""
    caplog.set_level(logging.CRITICAL, logger="rpcgen")


@pytest.mark.timeout(120 * max(1, SOAK))
def test_the_product_agrees_with_the_oracle(tmp_path: Path) -> None:
    """Messages, refusals, handlers' arguments and results are those of the oracle, in at least 3,000 cells."""
    ended: Counter[str] = Counter()

    @property_settings
    @given(NUMBER, PARTS)
    def explore(number: int, parts: list[int]) -> None:
        seeds = Random(number).sample(range(2**32), 10 + CELLS + MUTANTS)
        with fleet_of([seeds[part] for part in parts], tmp_path) as fleet:
            for seed in seeds[10 : 10 + CELLS]:
                ended[trial(fleet, Random(seed))] += 1
            for seed in seeds[10 + CELLS :]:
                ended[try_gate(fleet, Random(seed))] += 1

    explore()
    print(ended.total(), dict(ended))
    assert ended.total() >= 3000
    assert set(ended) >= ENDINGS


def test_a_wrong_rule_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An oracle with a mistake and the product disagree: cells can fail."""
    seeds = Random(6).sample(range(2**32), 6)
    with closing(Fleet(make_history(seeds), tmp_path)) as fleet:
        assert disagreements(fleet) == 0
        for name, mistake in MISTAKES.items():
            with monkeypatch.context() as planted:
                planted.setattr(writing, name, mistake)
                assert disagreements(fleet) > 0, name


MISTAKES: dict[str, Callable[..., Any]] = {
    "is_unset": lambda value, default: value is None,
    "starts_later": lambda part, whole, interface: False,
    "shape_version": lambda interface, pin: interface.version,
    "_needs": lambda interface, message, route: message.version,
}


def disagreements(fleet: Fleet) -> int:
    """How many of some cells fail."""
    failed = 0
    for seed in range(200):
        try:
            Trial(fleet, some_cell(fleet, Random(seed))).run()
        except Exception:  # whatever a wrong rule leads to
            failed += 1
    return failed


#: How cells can end; all of it happens.
ENDINGS = {
    "answered",
    "argument_not_in_version",
    "cast",
    "method_not_in_version",
    "minor_too_new",
    "missing_argument",
    "mistyped_argument",
    "pinned",
    "refused",
    "taken",
    "unknown_argument",
    "unknown_method",
    "unsupported_major",
    "wrong_kind",
}
