"""Prints the rows after the tests."""

from __future__ import annotations

import pytest

from tests.chaos.rows import ROWS


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Show each row's limit and what was measured."""
    if ROWS:
        terminalreporter.section("chaos")
        for row in ROWS:
            terminalreporter.write_line(row)
