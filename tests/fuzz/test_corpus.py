"""Frames that once found something find nothing any more; those of open bugs are expected to fail."""

from __future__ import annotations

from types import ModuleType

import pytest

from tests.fuzz import campaign
from tests.fuzz.asking import Asking
from tests.fuzz.served import Subject, silence
from tests.fuzz.wire import JSON, MSGPACK

CORPUS = campaign.corpus()


def _marked(side: str) -> list[object]:
    """The frames of one side; the first word of a file's name says whose they are."""
    found: list[object] = []
    for name, kept in CORPUS.items():
        if name.startswith(side):
            marks = pytest.mark.xfail(strict=True, reason=f"open: {kept.why}") if kept.why else ()
            found.append(pytest.param(name, marks=marks))
    return found


@pytest.mark.parametrize("name", _marked("server"))
def test_what_a_server_met_once_is_mended(subject: Subject, name: str) -> None:
    """A server keeps every promise for a frame of the corpus."""
    with silence():
        subject.check(CORPUS[name].frame)


@pytest.mark.parametrize("name", _marked("client"))
def test_what_a_client_met_once_is_mended(fuzzed: dict[str, ModuleType], name: str) -> None:
    """A client keeps every promise for a frame of the corpus."""
    with silence():
        for encoding in (MSGPACK, JSON):
            Asking(fuzzed, encoding).check(CORPUS[name].frame)
