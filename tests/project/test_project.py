"""The repository as a whole: its layout, its one-word commands, and what a wheel holds."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PORTIONS = (
    "idl/rpcgen/idl",
    "codegen/rpcgen/codegen",
    "codegen/rpcgen/cli",
    "runtime/rpcgen/runtime",
)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """The names of the files in a wheel."""
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    (built,) = folder.glob("*.whl")
    with zipfile.ZipFile(built) as archive:
        return set(archive.namelist())


def test_the_portions_share_one_namespace() -> None:
    """Each portion is typed, and none has an rpcgen/__init__.py that would hide the others."""
    for portion in PORTIONS:
        assert (ROOT / portion / "py.typed").exists()
        assert not (ROOT / portion).parent.joinpath("__init__.py").exists()


def test_a_wheel_holds_what_is_read_at_run_time(wheel: set[str]) -> None:
    """Templates, rule pages, the demo's project and the built-in contract are packaged, not only Python."""
    for folder in ("idl/rpcgen", "codegen/rpcgen", "runtime/rpcgen"):
        for file in (ROOT / folder).rglob("*"):
            if file.is_file() and "__pycache__" not in file.parts:
                assert str(file.relative_to((ROOT / folder).parent)) in wheel


def test_a_wheel_holds_nothing_else(wheel: set[str]) -> None:
    """Everything in the wheel is of the package, or says what the package is."""
    assert {name.split("/")[0].partition("-")[0] for name in wheel} == {"rpcgen"}
    assert any(name.endswith("licenses/LICENSE") for name in wheel)


def test_every_target_of_the_makefile_is_explained() -> None:
    """`make` alone lists every target."""
    text = (ROOT / "Makefile").read_text()
    phony = re.search(r"^\.PHONY: (.*)$", text, re.M)
    assert phony
    env = {key: value for key, value in os.environ.items() if not key.startswith("MAKE")}
    listed = subprocess.run(
        ["make", "-s"], cwd=ROOT, env=env, capture_output=True, text=True, check=True
    )
    assert [line.split()[1] for line in listed.stdout.splitlines()] == phony[1].split()


@pytest.mark.parametrize("script", [".ci/run", ".ci/venv"])
def test_scripts_can_be_run(script: str) -> None:
    """The scripts are executable, and their shell accepts them."""
    path = ROOT / script
    assert os.access(path, os.X_OK)
    shell = path.read_text().splitlines()[0].split("/")[-1].split()[-1]
    subprocess.run([shell, "-n", str(path)], check=True)


def test_the_version_is_said_once() -> None:
    """pyproject.toml is the only place that says the version; the changelog has a section for what is not released."""
    assert "## Unreleased" in (ROOT / "CHANGELOG.md").read_text()
    assert not any(
        "__version__" in path.read_text() for path in ROOT.glob("*/rpcgen/*/__init__.py")
    )
