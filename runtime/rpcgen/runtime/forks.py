"""Noticing that this process is a fork's child, without a system call per message.

Connections do not survive a fork: their threads are not copied, their sockets are shared with the parent. Knows nothing
of drivers; they remember `generation()` when they open, and ask at each use whether this is another.
"""

from __future__ import annotations

import os

from rpcgen.runtime.errors import ConfigurationError

_generation = 0


def _count() -> None:
    global _generation  # noqa: PLW0603 - the fork hook has no other place to write to
    _generation += 1


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_count)


def generation() -> int:
    """How many forks lie between the first process and this one."""
    return _generation


def is_child(born: int) -> bool:
    """Whether a fork happened since `born`, an earlier `generation()`: what was opened then is the parent's."""
    return born != _generation


def check(born: int) -> None:
    """Raise ConfigurationError if a fork happened since `born`, an earlier `generation()`."""
    if born != _generation:
        raise ConfigurationError(
            "this transport was opened before a fork and belongs to the parent; open one in the child process"
        )
