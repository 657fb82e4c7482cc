"""The matchmaker and the driver that pages write keep what the suites ask of every one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.pages import blocks

ROOT = Path(__file__).parents[2]
CARRIER = ROOT / "docs/how-to/carrier"

#: As an installation leaves it.
METADATA = "Metadata-Version: 2.1\nName: rpcgen-{0}\nVersion: 1.0\n"
ENTRY_POINTS = "[rpcgen.{1}]\n{0} = {0}\n"

#: Of the conformance suite: what depends most on how a transport finds, loses and leaves.
ENDS = ("test_calls.py", "test_endings.py", "test_last_casts.py", "test_processes.py")


def installed(folder: Path, name: str, kind: str) -> Path:
    """A folder that makes a module known as a plugin."""
    about = folder / f"rpcgen_{name}-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(METADATA.format(name))
    (about / "entry_points.txt").write_text(ENTRY_POINTS.format(name, kind))
    return folder


def passes(place: str, folders: list[Path], *suites: str) -> None:
    """Run suites over a place, as a page tells its readers."""
    path = [*map(str, folders), os.environ.get("PYTHONPATH", "")]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *suites],
        cwd=ROOT,
        env=os.environ | {"RPCGEN_PLACE": place, "PYTHONPATH": os.pathsep.join(filter(None, path))},
        capture_output=True,
        text=True,
        timeout=240.0,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]


@pytest.fixture
def phonebook(tmp_path: Path) -> Path:
    """The modules of the page, beside what makes the matchmaker known."""
    for block in blocks((ROOT / "docs/how-to/write-a-matchmaker.md").read_text()):
        if block.name in ("phonebook/phonebook.py", "place.py"):
            (tmp_path / Path(block.name).name).write_text(block.text)
    return installed(tmp_path, "phonebook", "matchmakers")


@pytest.mark.timeout(250)
def test_the_pages_matchmaker_keeps_what_every_matchmaker_does(phonebook: Path) -> None:
    """The suite of all matchmakers, and the deaths of servers."""
    passes(
        "place:Book",
        [phonebook],
        "tests/runtime/drivers/zeromq/matchmakers/test_matchmakers.py",
        "tests/conformance/test_processes.py",
    )


@pytest.mark.timeout(250)
def test_the_pages_driver_keeps_what_every_driver_does(tmp_path: Path) -> None:
    """Calls, ends, and what is lost with them, in both worlds."""
    known = installed(tmp_path, "carrier", "drivers")
    passes("place:Carrier", [known, CARRIER], *(f"tests/conformance/{name}" for name in ENDS))


def test_the_pages_matchmaker_is_in_style_and_typed(phonebook: Path) -> None:
    """Formatted, without a mistake that a linter or a type checker finds; the driver is checked with rpcgen itself."""
    config = f"--config={ROOT / 'pyproject.toml'}"
    for command in (
        ["ruff", "format", "--check", "--diff", config],
        ["ruff", "check", config],
        ["mypy", "--strict"],
    ):
        done = subprocess.run(
            [Path(sys.executable).parent / command[0], *command[1:], phonebook / "phonebook.py"],
            cwd=phonebook,
            capture_output=True,
            text=True,
            timeout=50.0,
            check=False,
        )
        assert done.returncode == 0, done.stdout


def test_the_pages_driver_is_one_for_a_type_checker(tmp_path: Path) -> None:
    """Its module has what the type of all driver modules asks for."""
    (tmp_path / "fits.py").write_text(
        "import carrier\nfrom rpcgen.runtime.driver import DriverModule\n\ndriver: DriverModule = carrier\n"
    )
    done = subprocess.run(
        [Path(sys.executable).parent / "mypy", "--strict", "fits.py"],
        cwd=tmp_path,
        env=os.environ | {"MYPYPATH": str(CARRIER)},
        capture_output=True,
        text=True,
        timeout=50.0,
        check=False,
    )
    assert done.returncode == 0, done.stdout
