"""What becomes of the messages of many pairs, found out once."""

from __future__ import annotations

import pytest

from tests.verdicts.exploring import Run, explore

#: Pairs of every run, always the same.
PAIRS = 2000


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Pairs, each with a message that fails or changes its meaning, if there is one."""
    return list(explore(0, PAIRS, tmp_path_factory.mktemp("pairs")))
