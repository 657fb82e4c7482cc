"""Packages of interfaces made by chance are formatted, clean, typed and importable, too."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from rpcgen.codegen import generate
from rpcgen.idl import loads, render

from tests.codegen.random_interfaces import Maker

COUNT = 40
RUFF = Path(sys.executable).with_name("ruff")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The packages."""
    root = tmp_path_factory.mktemp("random")
    for number in range(COUNT):
        loaded = loads(Maker(number).make(f"random.p{number}"))
        assert loaded.interface is not None, render(loaded.diagnostics, loaded.sources)
        for path, text in generate(loaded.interface).items():
            (root / path).parent.mkdir(exist_ok=True)
            (root / path).write_bytes(text.encode())
    return root


def run(*command: str | Path, cwd: Path | None = None) -> str:
    """Run a tool; what it printed."""
    done = subprocess.run(
        [str(part) for part in command], capture_output=True, text=True, cwd=cwd, check=False
    )
    return done.stdout + done.stderr


@pytest.mark.parametrize("width", [88, 100, 120])
def test_formatter_changes_nothing(folder: Path, width: int) -> None:
    """Whatever the lengths of names, the output is what ruff would make of it."""
    said = run(RUFF, "format", "--isolated", "--line-length", str(width), "--diff", folder)
    assert said == f"{len(list(folder.rglob('*.py')))} files already formatted\n"


def test_linter_finds_nothing(folder: Path) -> None:
    """Nor have its rules a complaint."""
    assert run(RUFF, "check", "--isolated", "--no-cache", folder) == "All checks passed!\n"


def test_packages_import(folder: Path) -> None:
    """All modules of all packages import."""
    code = (
        "import importlib\n"
        f"for number in range({COUNT}):\n"
        "    for name in ('client', 'async_client', 'endpoint'):\n"
        "        importlib.import_module(f'random_p{number}.{name}')\n"
    )
    assert run(sys.executable, "-W", "error", "-c", code, cwd=folder) == ""


@pytest.mark.timeout(240)
def test_type_checkers_agree(folder: Path, tmp_path: Path) -> None:
    """Mypy and pyright, both strict, find nothing."""
    (tmp_path / "mypy.ini").write_text("[mypy]\nstrict = True\n")
    config = ("--config-file", tmp_path / "mypy.ini", "--cache-dir", tmp_path)
    said = run(sys.executable, "-m", "mypy", *config, ".", cwd=folder)
    assert said.startswith("Success: no issues found")
    (folder / "pyrightconfig.json").write_text(
        '{"typeCheckingMode": "strict", "pythonVersion": "3.11"}'
    )
    pyright = Path(sys.executable).with_name("pyright")
    said = run(pyright, "-p", folder, "--pythonpath", sys.executable)
    assert said.startswith("0 errors, 0 warnings")
