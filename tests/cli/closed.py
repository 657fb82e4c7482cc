"""Files and folders without permissions, for tests that root runs, too."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def closed(path: Path, mode: int) -> Iterator[None]:
    """Take permissions away, from whom they bind: root, to whom all is allowed, is somebody else meanwhile."""
    path.chmod(mode)
    root = os.geteuid() == 0
    if root:
        os.seteuid(65534)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)
        path.chmod(0o755)
