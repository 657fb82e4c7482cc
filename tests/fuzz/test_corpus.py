"""Frames that once found something find nothing any more; those of open bugs are expected to fail."""

from __future__ import annotations

import pytest

from tests.fuzz import campaign
from tests.fuzz.served import Subject, silence

CORPUS = campaign.corpus()


def _marked(name: str) -> object:
    why = CORPUS[name].why
    marks = [] if why is None else [pytest.mark.xfail(strict=True, reason=f"open: {why}")]
    return pytest.param(name, marks=marks)


@pytest.mark.parametrize("name", [_marked(name) for name in CORPUS])
def test_what_was_found_once_is_mended(subject: Subject, name: str) -> None:
    """A server keeps every promise for a frame of the corpus."""
    with silence():
        subject.check(CORPUS[name].frame)
