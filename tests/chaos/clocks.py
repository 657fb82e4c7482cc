"""Processes whose wall clock is wrong, by libfaketime; their monotonic clock is the machine's."""

from __future__ import annotations

import glob
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.chaos.hosts import Surroundings

_LIBRARY = "/usr/lib/*/faketime/libfaketimeMT.so.1"


class Clock:
    """A wall clock that is off by some seconds, which may change while processes look at it."""

    def __init__(self, file: Path) -> None:
        found = glob.glob(_LIBRARY)
        if not found:
            text = "libfaketime is not installed (on Debian or Ubuntu: apt install faketime)"
            if os.environ.get("CI"):
                pytest.fail(text)
            pytest.skip(text)
        self._file = file
        self.set(0)
        self.surroundings = Surroundings(
            environment={
                "LD_PRELOAD": found[0],
                "FAKETIME_TIMESTAMP_FILE": str(file),
                "FAKETIME_NO_CACHE": "1",
                "FAKETIME_DONT_FAKE_MONOTONIC": "1",
                "FAKETIME_DONT_RESET": "1",
            }
        )

    def set(self, seconds: float) -> None:
        """Be off by so many seconds from now on."""
        new = self._file.with_suffix(".new")
        new.write_text(f"{seconds:+g}")
        new.replace(self._file)

    def shown(self) -> tuple[float, float]:
        """What a process with this clock sees: wall clock and monotonic seconds."""
        program = "import json, time; print(json.dumps([time.time(), time.monotonic()]))"
        done = subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, **self.surroundings.environment},
            check=True,
            capture_output=True,
        )
        wall, monotonic = json.loads(done.stdout)
        return wall, monotonic
