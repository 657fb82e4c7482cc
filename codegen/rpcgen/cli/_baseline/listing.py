"""What is in a folder. A folder that cannot be listed is not an empty one: whoever takes it for that lets everything pass."""

from __future__ import annotations

import os
from collections.abc import Collection
from pathlib import Path

from rpcgen.cli._exit import Exit, Failure, reason


def entries(folder: Path, code: Exit = Exit.NO_BASELINE) -> list[Path]:
    """What a folder holds, sorted; nothing where there is none.

    Args:
        folder: where.
        code: what the command ends with.

    Raises:
        Failure: it cannot be listed, is no folder, or a link to nothing.
    """
    try:
        return sorted(folder / name for name in os.listdir(folder))
    except FileNotFoundError as error:
        for each in (folder, folder.parent):
            if os.path.islink(each) and not os.path.exists(each):
                raise Failure(f"{each} cannot be read: it is a link to nothing", code) from error
        return []
    except OSError as error:
        raise _refused(error, code) from error


def files_below(folder: Path, suffixes: Collection[str]) -> list[Path]:
    """The files of some suffixes in a folder and all those in it, sorted; raises Failure where one cannot be listed."""

    def refuse(error: OSError) -> None:
        raise _refused(error, Exit.NO_BASELINE) from error

    every = [
        Path(home, name) for home, _, names in os.walk(folder, onerror=refuse) for name in names
    ]
    return sorted(each for each in every if each.suffix in suffixes)


def _refused(error: OSError, code: Exit) -> Failure:
    return Failure(f"{error.filename} cannot be read: {reason(error)}", code)
