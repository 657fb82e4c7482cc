"""Executable pages: the blocks of a Markdown file, run from top to bottom in one empty folder.

- A fence with `file=NAME` after its language (```yaml file=shop.yaml) is written to that file; with `append=NAME` it
  is added at the end.
- In a ```console fence, lines that begin with `$ ` are run by bash. What stands below one, up to the next, is what it
  prints (stdout and stderr); a line `...` stands for any number of lines.
- A command that ends in `&` runs until the page ends; the test goes on when it has printed what stands below it.
- All other fences are for reading.

Paths that begin with /tmp/demo- are this run's own: they stand for others, so that two runs do not meet. Durations,
temporary folders and socket names differ from run to run, so they are replaced on both sides.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_FENCE = re.compile(r"^```(\w+)(?: (file|append)=(\S+))?\n(.*?)^```$", re.M | re.S)
_VARIABLE = (
    (re.compile(r"\b\d+(?:\.\d+)? ?(?:ms|s|min)\b"), "N s"),
    (re.compile(r"/tmp/(?!demo-)[\w.-]+"), "/tmp/X"),
    (re.compile(r"\bprocess \d+"), "process N"),
    (re.compile(r"[0-9a-f]{12}\.sock"), "X.sock"),
)
_SHARED = "/tmp/demo-"
LIMIT = 50.0


@dataclass(frozen=True)
class Block:
    """One fence."""

    language: str
    how: str
    name: str
    text: str


def blocks(page: str) -> list[Block]:
    """The fences of a page, in order."""
    return [
        Block(match[1], match[2] or "", match[3] or "", match[4]) for match in _FENCE.finditer(page)
    ]


def commands(text: str) -> list[tuple[str, str]]:
    """The commands of a console block, each with what it is said to print."""
    found: list[tuple[str, str]] = []
    for line in text.splitlines():
        if line.startswith("$ "):
            found.append((line[2:], ""))
        else:
            command, printed = found.pop()
            found.append((command, f"{printed}{line}\n"))
    return found


def same(expected: str, actual: str) -> bool:
    """Whether a command printed what the page says."""
    expected, actual = _settled(expected), _settled(actual)
    pattern = re.escape(expected).replace(re.escape("...\n"), "(?:.*\n)*")
    return re.fullmatch(pattern, actual) is not None


def _settled(text: str) -> str:
    for pattern, replacement in _VARIABLE:
        text = pattern.sub(replacement, text)
    return "".join(f"{line.rstrip()}\n" for line in text.splitlines())


class Page:
    """One run of a page, in one folder; ends what it left running."""

    def __init__(self, folder: Path, substitutes: dict[str, str] | None = None) -> None:
        self._folder = folder
        self._substitutes = substitutes or {}
        # Short: a socket's path may have 107 bytes.
        self._private = tempfile.mkdtemp(prefix="d-") + "/"
        self._running: list[subprocess.Popen[str]] = []
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        self._env = {
            **os.environ,
            "PATH": path,
            "NO_COLOR": "1",
            "COLUMNS": "100",
            "PYTHONUNBUFFERED": "1",
        }

    def run(self, page: str) -> None:
        """Write and run every block; an AssertionError tells the first that is not as the page says."""
        for block in blocks(page):
            if block.how:
                file = self._folder / block.name
                file.parent.mkdir(parents=True, exist_ok=True)
                with file.open("a" if block.how == "append" else "w") as opened:
                    opened.write(self._own(block.text))
            elif block.language == "console":
                for command, expected in commands(block.text):
                    self._run(self._substitutes.get(command, command), expected)

    def _run(self, command: str, expected: str) -> None:
        if command.endswith("&"):
            self._start(command.removesuffix("&"), expected)
            return
        done = subprocess.run(
            ["bash", "-c", self._own(command)],
            cwd=self._folder,
            env=self._env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=LIMIT,
            check=False,
        )
        printed = self._told(done.stdout)
        assert same(expected, printed), f"$ {command}\n{printed}\n--- the page says\n{expected}"

    def _start(self, command: str, expected: str) -> None:
        process = subprocess.Popen(
            ["bash", "-c", f"exec {self._own(command)}"],
            cwd=self._folder,
            env=self._env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,  # a command may be several programs: its group has the number of this one
        )
        self._running.append(process)
        assert process.stdout is not None
        printed = self._told("".join(process.stdout.readline() for _ in expected.splitlines()))
        assert same(expected, printed), f"$ {command}&\n{printed}\n--- the page says\n{expected}"

    def _own(self, text: str) -> str:
        return text.replace(_SHARED, self._private)

    def _told(self, text: str) -> str:
        return text.replace(self._private, _SHARED)

    def close(self) -> None:
        """End what still runs."""
        for process in self._running:
            _tell(process, signal.SIGTERM)
        end = time.monotonic() + 10
        for process in self._running:
            with suppress(subprocess.TimeoutExpired):
                process.wait(max(0.1, end - time.monotonic()))
            _tell(process, signal.SIGKILL)
            process.wait()
            if process.stdout is not None:
                process.stdout.close()
        shutil.rmtree(self._private)


def _tell(process: subprocess.Popen[str], number: int) -> None:
    """Send a signal to all programs of a command."""
    with suppress(ProcessLookupError):  # none runs
        os.killpg(process.pid, number)
