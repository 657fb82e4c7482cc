"""Standard output that cannot be written, on a full disk say, is told as a failure, and not as a bug.

Knows no command. That whoever read the output has gone is another thing: programs end quietly then.
"""

from __future__ import annotations

import io
import os
import sys
from typing import TextIO, cast

from rpcgen.cli._exit import Exit, Failure

_STDOUT = 1


class Output(io.TextIOWrapper):
    """Text on its way out; raises Failure where it cannot be written."""

    def write(self, text: str, /) -> int:
        """Write text."""
        try:
            return super().write(text)
        except OSError as error:
            raise _told(error) from error

    def flush(self) -> None:
        """Write what waits."""
        try:
            super().flush()
        except OSError as error:
            raise _told(error) from error


def _told(error: OSError) -> Exception:
    if isinstance(error, BrokenPipeError):
        return error
    return Failure(f"the output cannot be written: {error.strerror or error}", Exit.UNWRITTEN)


def watch_output() -> None:
    """Have standard output tell when it cannot be written; also where there is none."""
    stdout = cast("TextIO | None", sys.stdout)
    if stdout is None:
        _occupy(os.O_RDONLY)
        sys.stdout = Output(
            io.BufferedWriter(io.FileIO(_STDOUT, "w", closefd=False)), encoding="utf-8"
        )
    elif isinstance(stdout, io.TextIOWrapper):
        encoding, errors = stdout.encoding, stdout.errors
        by_line, at_once = stdout.line_buffering, stdout.write_through
        buffer = cast("io.BufferedWriter | io.FileIO", stdout.detach())
        if isinstance(buffer, io.FileIO):
            # So it is with PYTHONUNBUFFERED; then what does not fit at once would be lost, and nobody told.
            buffer = io.BufferedWriter(buffer)
        sys.stdout = Output(buffer, encoding, errors, None, by_line, at_once)


def drop_output() -> None:
    """Let go of what waits to be written: Python tries once more at exit, which must not fail."""
    _occupy(os.O_WRONLY)


def _occupy(mode: int) -> None:
    """Put nothing in the place of standard output; where there is none, the next file to be opened would be there."""
    opened = os.open(os.devnull, mode)
    if opened != _STDOUT:
        os.dup2(opened, _STDOUT)
        os.close(opened)
