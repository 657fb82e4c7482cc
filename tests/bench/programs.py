"""Run a program to its end, as it would run where it is installed.

Compiled modules are kept in a directory of the benchmark, whatever the environment says about writing them: an
installed package has its bytecode, and comparing one that has with one that has not would measure the compiler.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

LIMIT = 600.0


class ProgramFailed(Exception):
    """A program ended badly; the message has the end of what it printed."""


@dataclass(frozen=True, slots=True)
class Programs:
    """Runs programs that share one directory of bytecode."""

    bytecode: Path

    def run(self, command: Sequence[str], cwd: Path | None = None) -> str:
        """Run a command and return what it printed. Raises ProgramFailed."""
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            timeout=LIMIT,
            check=False,
            cwd=cwd,
            env=self._environment(),
        )
        if done.returncode != 0:
            tail = (done.stderr or done.stdout).strip().splitlines()[-15:]
            raise ProgramFailed("\n".join(tail))
        return done.stdout

    def _environment(self) -> dict[str, str]:
        environment = dict(os.environ)
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        environment["PYTHONPYCACHEPREFIX"] = str(self.bytecode)
        # Compilers start tools that are installed beside the interpreter.
        beside = str(Path(sys.executable).parent)
        environment["PATH"] = os.pathsep.join([beside, environment.get("PATH", os.defpath)])
        return environment
