"""The generated packages of all cases, in one folder, importable."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.codegen.cases import CASES, GOOD, expected


@pytest.fixture(scope="session")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with the expected packages of all cases and their `usage.py` as `usage_<case>.py`."""
    root = tmp_path_factory.mktemp("packages")
    for case in GOOD:
        for path, text in expected(case).items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_bytes(text.encode())
        usage = CASES / case / "usage.py"
        if usage.exists():
            (root / f"usage_{case}.py").write_bytes(usage.read_bytes())
    sys.path.insert(0, str(root))
    yield root
    sys.path.remove(str(root))
