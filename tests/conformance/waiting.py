"""Waiting for a condition instead of for a time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any


def eventually(condition: Callable[[], Any], limit: float = 5.0) -> None:
    """Wait for a condition."""
    end = time.monotonic() + limit
    while not condition():
        assert time.monotonic() < end, "the condition did not come true in time"
        threading.Event().wait(0.005)


def quickest(act: Callable[[], object], limit: float, tries: int = 3) -> float:
    """The fewest seconds that something took in some tries, of which one below the limit is the last."""
    took = float("inf")
    while tries and took >= limit:
        began = time.monotonic()
        act()
        took, tries = min(took, time.monotonic() - began), tries - 1
    return took
