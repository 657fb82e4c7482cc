"""Run a program to its end, as it would run where it is installed.

Compiled modules are written beside the sources, whatever the environment says about that: an installed package has its
bytecode there, and comparing one that has with one that has not would measure the compiler. Elsewhere
(PYTHONPYCACHEPREFIX) each module would take longer to find than it does where it is installed.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

LIMIT = 600.0


class ProgramFailed(Exception):
    """A program ended badly; the message has the end of what it printed."""


def run(command: Sequence[str], cwd: Path | None = None) -> str:
    """Run a command and return what it printed. Raises ProgramFailed."""
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        timeout=LIMIT,
        check=False,
        cwd=cwd,
        env=environment(),
    )
    if done.returncode != 0:
        tail = (done.stderr or done.stdout).strip().splitlines()[-15:]
        raise ProgramFailed("\n".join(tail))
    return done.stdout


def environment() -> dict[str, str]:
    """What a program that is installed here would find in its environment."""
    variables = dict(os.environ)
    variables.pop("PYTHONDONTWRITEBYTECODE", None)
    variables.pop("PYTHONPYCACHEPREFIX", None)
    # Compilers start tools that are installed beside the interpreter.
    beside = str(Path(sys.executable).parent)
    variables["PATH"] = os.pathsep.join([beside, variables.get("PATH", os.defpath)])
    return variables
