"""Every case folder comes out as it says."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.idl.cases import case_folders, run_case


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.exists() else ""


@pytest.mark.parametrize("folder", case_folders(), ids=lambda folder: folder.name)
def test_case_comes_out_as_expected(folder: Path) -> None:
    """Errors are worded, placed and ordered as recorded; meanings are as recorded."""
    outcome = run_case(folder)
    assert _text(folder / "expected.err") == outcome.errors
    assert _text(folder / "expected.json") == outcome.meaning
    assert outcome.errors or outcome.meaning
