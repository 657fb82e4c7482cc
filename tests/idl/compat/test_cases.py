"""Every case folder comes out as it says."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.idl.compat.cases import (
    case_folders,
    history_folders,
    run_case,
    run_history,
    text_of,
    text_of_check,
)


@pytest.mark.parametrize("folder", case_folders(), ids=lambda folder: folder.name)
def test_case_comes_out_as_expected(folder: Path) -> None:
    """Findings, verdicts, places and words are as recorded."""
    expected = (folder / "expected.txt").read_text(encoding="utf-8")
    assert text_of(run_case(folder), folder) == expected


@pytest.mark.parametrize("folder", history_folders(), ids=lambda folder: folder.name)
def test_history_comes_out_as_expected(folder: Path) -> None:
    """The version that is needed, what is wrong with the one that is there, and whether it passes are as recorded."""
    expected = (folder / "expected.txt").read_text(encoding="utf-8")
    assert text_of_check(run_history(folder), folder) == expected
