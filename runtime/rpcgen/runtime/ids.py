"""Unguessable ids: 128 random bits each, drawn from the system in batches (PROTOCOL.md 2.2)."""

from __future__ import annotations

import os

from rpcgen.runtime.core.envelope import ID_BYTES

_BATCH = 256


class IdSource:
    """Makes message ids. A forked child starts with an empty batch, so that it never repeats its parent's."""

    __slots__ = ("_batch",)

    def __init__(self) -> None:
        self._batch: list[bytes] = []
        _sources.append(self)

    def __call__(self) -> bytes:
        """A new id. Safe for threads: two that find the batch empty each draw one."""
        try:
            return self._batch.pop()
        except IndexError:
            drawn = os.urandom(ID_BYTES * _BATCH)
            batch = [drawn[i : i + ID_BYTES] for i in range(0, len(drawn), ID_BYTES)]
            fresh = batch.pop()
            self._batch = batch
            return fresh

    def forget(self) -> None:
        """Drop what was drawn."""
        self._batch = []


_sources: list[IdSource] = []

#: One source serves a whole process: ids are meant to be unlike all others.
new_id = IdSource()


def _after_fork() -> None:
    for source in _sources:
        source.forget()


os.register_at_fork(after_in_child=_after_fork)
