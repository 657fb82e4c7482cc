"""Texts inside XML, also those that XML cannot hold."""

from __future__ import annotations

import re
from xml.sax.saxutils import escape, quoteattr

_UNPRINTABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def attribute(text: str) -> str:
    """A value with its quotes."""
    return quoteattr(_UNPRINTABLE.sub("?", text))


def content(text: str) -> str:
    """What stands between tags."""
    return escape(_UNPRINTABLE.sub("?", text))
