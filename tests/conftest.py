"""Fixtures that several suites share."""

from __future__ import annotations

import gc
from collections.abc import Generator
from types import ModuleType
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from xdist.scheduler import LoadFileScheduling

from tests.chaos.rows import ROWS
from tests.compiled import compile_to
from tests.packages import INTERFACES, import_from
from tests.rabbitd import amqp_session, amqp_url, rabbit

__all__ = ["amqp_session", "amqp_url", "rabbit"]

#: What the rows of `tests/chaos` are called in reports.
CHAOS = "chaos"

# How long one generated example takes is the machine's affair; what has to be fast has a test that measures it.
settings.register_profile("rpcgen", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("rpcgen")


class _ByFile(LoadFileScheduling):
    """Gives a process the tests of a file after those of another, but those of `tests/chaos` to one: they measure times."""

    def _split_scope(self, nodeid: str) -> str:
        return CHAOS if nodeid.startswith("tests/chaos/") else super()._split_scope(nodeid)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadFileScheduling:
    """As for `--dist loadfile`, and see `_ByFile`."""
    return _ByFile(config, log)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Let a report carry the rows of its test: it may run in another process than the one that prints them."""
    report = yield
    report.user_properties += [(CHAOS, row) for row in ROWS]
    ROWS.clear()
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Show each row's limit and what was measured."""
    reports = [
        each
        for listed in terminalreporter.stats.values()
        for each in listed
        if isinstance(each, pytest.TestReport) and "tests/chaos" in each.nodeid
    ]
    rows = [row for report in reports for name, row in report.user_properties if name == CHAOS]
    if rows:
        skipped = sum(report.skipped for report in reports)
        terminalreporter.section(CHAOS)
        for row in rows:
            terminalreporter.write_line(str(row))
        terminalreporter.write_line(f"{len(rows)} rows shown, {skipped} skipped")


@pytest.fixture(scope="module", autouse=True)
def _unburdened() -> None:  # pyright: ignore[reportUnusedFunction]
    """Keep what other modules left in memory out of every collection.

    Thousands of tests leave millions of objects; walking them stops every thread for long enough to be taken for a
    slow product, and grows with the length of what is measured.
    """
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> ModuleType:
    """The package that is generated from interfaces/lab.yaml."""
    directory = tmp_path_factory.mktemp("lab")
    compile_to(directory, INTERFACES / "lab.yaml")
    return import_from(directory, "test_lab")


@pytest.fixture(scope="session")
def side(tmp_path_factory: pytest.TempPathFactory) -> ModuleType:
    """The package that is generated from interfaces/side.yaml."""
    directory = tmp_path_factory.mktemp("side")
    compile_to(directory, INTERFACES / "side.yaml")
    return import_from(directory, "test_side")
