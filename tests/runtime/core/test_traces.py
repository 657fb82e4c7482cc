"""What a log shows of an exception."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator

import pytest
from rpcgen.runtime.core.traces import SHOWN, shorten


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """What a handler of `LOG` writes."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    LOG.addHandler(handler)
    LOG.addFilter(shorten)
    yield stream
    LOG.removeHandler(handler)


LOG = logging.getLogger("tests.traces")


def logged(error: Exception) -> None:
    try:
        raise error
    except Exception:
        LOG.exception("it failed")


def test_an_exception_is_shown_whole(written: io.StringIO) -> None:
    """Its traceback, its cause and its text, as without us."""
    error = ValueError("short")
    error.__cause__ = KeyError("before")
    logged(error)
    text = written.getvalue()
    assert text.startswith("it failed\nKeyError: 'before'\n\nThe above exception")
    assert text.endswith("ValueError: short\n")


def test_a_huge_text_is_cut_in_the_middle(written: io.StringIO) -> None:
    """The traceback and the end of the text are there, and how much is not."""
    logged(ValueError("x" * 10_000_000 + "end"))
    text = written.getvalue()
    assert len(text) < 2 * SHOWN + 200
    assert "Traceback (most recent call last)" in text
    assert "characters are left out here" in text
    assert text.endswith("xend\n")
