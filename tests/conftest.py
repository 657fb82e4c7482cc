"""Fixtures that several suites share."""

from __future__ import annotations

import gc
from collections.abc import Generator
from types import ModuleType
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from xdist.scheduler import LoadFileScheduling

from tests.compiled import compile_to
from tests.measured import MEASURED
from tests.packages import INTERFACES, import_from
from tests.rabbitd import amqp_session, amqp_url, rabbit

__all__ = ["amqp_session", "amqp_url", "rabbit"]

#: Directories whose tests one process has: the faults, which measure times, and the verdicts, which share a long preparation.
TOGETHER = ("tests/chaos/", "tests/verdicts/")

#: What lines of `measured.py` are called in reports.
LINE = "measured"

# How long one generated example takes is the machine's affair; what has to be fast has a test that measures it.
settings.register_profile("rpcgen", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("rpcgen")


class _ByFile(LoadFileScheduling):
    """Gives a process the tests of one file after those of another, or of all files in a directory of `TOGETHER`."""

    def _split_scope(self, nodeid: str) -> str:
        among = (each for each in TOGETHER if nodeid.startswith(each))
        return next(among, super()._split_scope(nodeid))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadFileScheduling:
    """As for `--dist loadfile`, and see `_ByFile`."""
    return _ByFile(config, log)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Let a report carry what its test has measured: it may run in another process than the one that prints that."""
    report = yield
    report.user_properties += [(LINE, line) for line in MEASURED]
    MEASURED.clear()
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Show each limit and what was measured."""
    listed = [each for some in terminalreporter.stats.values() for each in some]
    reports = [each for each in listed if isinstance(each, pytest.TestReport)]
    lines = [line for report in reports for name, line in report.user_properties if name == LINE]
    if lines:
        skipped = sum(report.skipped for report in reports if "tests/chaos" in report.nodeid)
        terminalreporter.section(LINE)
        for line in lines:
            terminalreporter.write_line(str(line))
        terminalreporter.write_line(f"{len(lines)} shown, {skipped} faults skipped")


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
