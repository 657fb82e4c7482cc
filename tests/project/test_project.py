"""The repository as a whole: its layout, its one-word commands, and what a wheel holds."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
PORTIONS = (
    "idl/rpcgen/idl",
    "codegen/rpcgen/codegen",
    "codegen/rpcgen/cli",
    "runtime/rpcgen/runtime",
)
#: Who imports the modules that use these has them: a build with hatchling, and a run of pytest.
HOSTS = {"hatchling", "pytest"}


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


def test_what_is_installed_is_what_is_imported() -> None:
    """No distribution is required in vain, as each is one that others may not want, and none is used unsaid."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    required = {_distribution(text) for text in project["dependencies"]}
    optional = {
        _distribution(text) for each in project["optional-dependencies"].values() for text in each
    }
    owners = metadata.packages_distributions()
    imported = {
        canonicalize_name(owner)
        for portion in PORTIONS
        for file in (ROOT / portion).rglob("*.py")
        for name in _imported(file)
        for owner in owners.get(name, ())
    }
    assert required <= imported
    assert imported - HOSTS - {"rpcgen"} <= required | optional


def _distribution(requirement: str) -> str:
    return canonicalize_name(Requirement(requirement).name)


def _imported(file: Path) -> Iterator[str]:
    """The names of the packages at the top, wherever in the file they are imported."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0]


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
