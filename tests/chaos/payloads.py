"""Bytes that show whether they arrived as they were sent."""

from __future__ import annotations

import hashlib
from random import Random


def payload(size: int, seed: int) -> bytes:
    """So many bytes that are like no others."""
    return Random(seed).randbytes(size)


def digest(data: bytes) -> str:
    """What stands for them in journals."""
    return f"{len(data)}:{hashlib.sha256(data).hexdigest()[:16]}"
