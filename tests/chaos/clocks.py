"""Processes whose wall clock is wrong; their monotonic clock is the machine's, as it is on a host whose time is set.

The clock is injected: Python's functions that tell the wall clock are replaced in the process.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

from tests.chaos.surroundings import Surroundings

_VARIABLE = "RPCGEN_TEST_CLOCK"


def adjust() -> None:
    """In a process of ours, first of all: have the wall clock of its surroundings."""
    file = os.environ.get(_VARIABLE)
    if file is None:
        return
    right, right_ns = time.time, time.time_ns

    def off() -> float:
        return float(Path(file).read_text())

    time.time = lambda: right() + off()
    time.time_ns = lambda: right_ns() + int(off() * 1e9)


class Clock:
    """A wall clock that is off by some seconds, which may change while processes look at it."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self.set(0)
        self.surroundings = Surroundings(environment={_VARIABLE: str(file)})

    def set(self, seconds: float) -> None:
        """Be off by so many seconds from now on."""
        new = self._file.with_suffix(".new")
        new.write_text(f"{seconds:+g}")
        new.replace(self._file)

    def shown(self) -> tuple[float, float]:
        """What a process with this clock sees: wall clock and monotonic seconds."""
        program = (
            "import json, time; from tests.chaos import clocks; clocks.adjust();"
            "print(json.dumps([time.time(), time.monotonic()]))"
        )
        done = subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, **self.surroundings.environment},
            check=True,
            capture_output=True,
        )
        wall, monotonic = json.loads(done.stdout)
        return wall, monotonic
