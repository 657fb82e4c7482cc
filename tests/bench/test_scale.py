"""The workloads of many servers, many calls and skewed handlers run, and the model says what it must. No speed is asserted."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.bench import many, simulation, skew, stubs, table
from tests.bench.series import Series
from tests.bench.test_bench import SHORT

SMALL = replace(SHORT, servers=100, calls=100)


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("stubs")
    assert [stubs.compile_interface(directory), stubs.compile_scale(directory)] == [None, None]
    return directory


def test_quick_calls_are_measured_beside_slow_ones(directory: Path, compiled: Path) -> None:
    """Both servers have a tail with slow calls and without."""
    series = Series()
    skew.measure(directory, compiled, SMALL, series, print)
    rows = series.adapters("W9")
    assert len(rows) == 4
    assert all((series.median("W9", row, "tail") or 0) >= 1 for row in rows)


def test_a_fanout_reaches_all_of_many_servers(directory: Path, compiled: Path) -> None:
    """Nobody is missed, by either matchmaker, and the report has a row for each."""
    series = Series()
    many.measure_servers(directory, compiled, SMALL, series, print)
    for row in ("zmq+ipc, many", "zmq+tcp, many"):
        assert series.median("W10", row, "missed") == 0
        assert row in table.report(series)


def test_calls_that_are_all_under_way_are_answered_rightly(directory: Path, compiled: Path) -> None:
    """Every call gets its own answer though none is answered before the last has come."""
    series = Series()
    many.measure_calls(directory, compiled, SMALL, series, print)
    assert series.median("W11", "asyncio client, asyncio server", "right") == 100


def test_the_model_names_the_limit_that_stands_in_the_way() -> None:
    """A client of all workers of a big fleet has too many sockets; one of a cell has not."""
    everybody = simulation.costs(simulation.Fleet(workers=10_000, cell=10_000))
    cell = simulation.costs(simulation.Fleet(workers=10_000, cell=500))
    assert everybody.limits[0].startswith("MAX_SOCKETS")
    assert cell.limits == ()
    assert cell.client_connections == 500
