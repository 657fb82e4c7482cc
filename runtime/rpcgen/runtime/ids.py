"""Unguessable ids: 128 random bits each, drawn from the system in batches (PROTOCOL.md 2.2)."""

from __future__ import annotations

import os

from rpcgen.runtime.core.envelope import ID_BYTES

_BATCH = 256

#: One for a whole process: ids are meant to be unlike all others.
_drawn: list[bytes] = []

# A fork's child must never repeat its parent's.
os.register_at_fork(after_in_child=_drawn.clear)


def new_id() -> bytes:
    """A new id. Safe for threads: two that find the batch empty each draw one."""
    try:
        return _drawn.pop()
    except IndexError:
        drawn = os.urandom(ID_BYTES * _BATCH)
        batch = [drawn[i : i + ID_BYTES] for i in range(0, len(drawn), ID_BYTES)]
        fresh = batch.pop()
        _drawn.extend(batch)
        return fresh
