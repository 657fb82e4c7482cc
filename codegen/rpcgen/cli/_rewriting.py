"""Files of the user's that a command rewrites, and how it shows what it would do. Knows no language."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from rpcgen.cli._exit import Failure, reason


@dataclass(frozen=True, slots=True)
class Rewrite:
    """A file, its text and the text that it shall have."""

    file: str
    before: str
    after: str


def write(rewrites: Iterable[Rewrite]) -> None:
    """Replace each file at once, so that nobody sees half of it; it keeps its permissions, and a link stays a link.

    Raises:
        Failure: the disk does not let us.
    """
    for rewrite in rewrites:
        target = Path(os.path.realpath(rewrite.file))
        temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
        try:
            temporary.write_bytes(rewrite.after.encode())
            shutil.copymode(target, temporary)
            os.replace(temporary, target)
        except OSError as error:
            # Where even the remains cannot be taken away, the first error is still what is told.
            with suppress(OSError):
                temporary.unlink()
            raise Failure(f"{rewrite.file} cannot be written: {reason(error)}") from error


def diff(rewrites: Iterable[Rewrite]) -> str:
    """What would change, as a unified diff."""
    # difflib costs a few milliseconds, and only some options need it.
    from difflib import unified_diff

    parts: list[str] = []
    for rewrite in rewrites:
        old, new = (text.splitlines(keepends=True) for text in (rewrite.before, rewrite.after))
        name = rewrite.file.removeprefix("/")
        parts += (
            line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"
            for line in unified_diff(old, new, f"a/{name}", f"b/{name}")
        )
    return "".join(parts)
