"""What handlers do that must harm nobody else: the ways of one that is poisoned by its message. Knows no server."""

from __future__ import annotations

import ctypes
import os
import resource
import threading
from collections.abc import Callable
from typing import Any, NoReturn

#: Characters of what is far too much to say.
MUCH = 10 * 1024 * 1024


class Unsayable(Exception):
    """Has no text, cannot be copied, and holds what cannot travel."""

    def __init__(self) -> None:
        super().__init__()
        self.lock = threading.Lock()

    def __str__(self) -> str:
        raise RuntimeError("no text")

    def __reduce__(self) -> NoReturn:
        raise TypeError("no pickle")


def _raise() -> None:
    raise ValueError("poison")


def _unsayable() -> None:
    raise Unsayable


def _message() -> None:
    raise ValueError("x" * MUCH)


def _traceback() -> None:
    """Every frame of the traceback shows a line of ten thousand characters."""
    code = f"def sink(depth):\n    return sink(depth - 1) if depth else 1 / 0  # {'x' * 10_000}\n"
    names: dict[str, Any] = {}
    exec(compile(code, "<deep>", "exec"), names)
    names["sink"](900)


def _hang() -> None:
    threading.Event().wait(30.0)


def _exit() -> None:
    os._exit(1)


def _segfault() -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # leaves no file
    ctypes.string_at(0)


#: By name; those that end the process are said to.
POISONS: dict[str, Callable[[], None]] = {
    "raise": _raise,
    "unsayable": _unsayable,
    "message": _message,
    "traceback": _traceback,
    "hang": _hang,
    "exit": _exit,
    "segfault": _segfault,
}
DEADLY = ("exit", "segfault")
