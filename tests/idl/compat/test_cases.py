"""Every case folder comes out as it says."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.idl.compat.cases import case_folders, run_case, text_of


@pytest.mark.parametrize("folder", case_folders(), ids=lambda folder: folder.name)
def test_case_comes_out_as_expected(folder: Path) -> None:
    """Findings, verdicts, places and words are as recorded."""
    expected = (folder / "expected.txt").read_text(encoding="utf-8")
    assert text_of(run_case(folder), folder) == expected
