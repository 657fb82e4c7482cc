"""Runs the `rpcgen` command as a user does: in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Done:
    """A command that has ended."""

    code: int
    out: str
    err: str


def rpcgen(*args: str, cwd: Path | None = None, env: dict[str, str] | None = None) -> Done:
    """Run `rpcgen ARGS`; its output, without colours."""
    done = subprocess.run(
        [sys.executable, "-m", "rpcgen.cli", *args],
        cwd=cwd,
        env={**os.environ, "NO_COLOR": "1", "COLUMNS": "100", **(env or {})},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )
    return Done(done.returncode, done.stdout, done.stderr)
