"""Releases that are there and cannot be read are not taken for none: each ends with 3 and one line that says why."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from rpcgen.cli.main import run

from tests.cli.closed import closed
from tests.cli.test_check import FIRST, PROJECT, Output

KEPT = Path("rpcgen.lock/town.shop/1.0.json")


@pytest.fixture
def released(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Output) -> Path:
    """A folder with an interface file and its first release, in no project."""
    tmp_path.chmod(0o755)
    (tmp_path / ".git").mkdir()
    (tmp_path / "shop.yaml").write_text(FIRST)
    monkeypatch.chdir(tmp_path)
    assert run(["release", "shop.yaml"]) == 0
    capsys.readouterr()
    return tmp_path


def _is_a_file(path: Path) -> None:
    path.rename(path.with_name("elsewhere"))
    path.write_text("")


def _is_a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def _is_a_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def _leads_nowhere(path: Path) -> None:
    path.rename(path.with_name("elsewhere"))
    path.symlink_to("nowhere")


def _leads_to_itself(path: Path) -> None:
    path.rename(path.with_name("elsewhere"))
    path.symlink_to(path.name)


COMMANDS = (["check"], ["release"], ["bump"], ["diff"])


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
@pytest.mark.parametrize(
    ("what", "spoil", "said"),
    [
        ("rpcgen.lock", _is_a_file, "rpcgen.lock/town.shop cannot be read: not a directory"),
        (KEPT.parent, _is_a_file, f"{KEPT.parent} cannot be read: not a directory"),
        (KEPT, _is_a_folder, f"{KEPT} cannot be read: is a directory"),
        (KEPT, _is_a_pipe, f"{KEPT} cannot be read: it is no regular file"),
        (KEPT, _leads_nowhere, f"{KEPT} cannot be read: no such file or directory"),
        ("rpcgen.lock", _leads_nowhere, "rpcgen.lock cannot be read: it is a link to nothing"),
        (KEPT.parent, _leads_nowhere, f"{KEPT.parent} cannot be read: it is a link to nothing"),
        (KEPT.parent, _leads_to_itself, f"{KEPT.parent} cannot be read: too many levels of sym"),
    ],
)
def test_what_is_no_lock_folder(
    released: Path,
    capsys: Output,
    command: list[str],
    what: Path,
    spoil: Callable[[Path], None],
    said: str,
) -> None:
    """A file, or a link to nothing, where the releases should be is not taken for no release."""
    spoil(released / what)
    assert run([*command, "shop.yaml"]) == 3
    assert capsys.readouterr().err.startswith(f"rpcgen {command[0]}: {said}")


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
@pytest.mark.parametrize(
    ("what", "mode", "said"),
    [
        (KEPT.parents[1], 0o000, KEPT.parent),
        (KEPT.parent, 0o000, KEPT.parent),
        (KEPT.parent, 0o711, KEPT.parent),
        (KEPT, 0o000, KEPT),
    ],
    ids=str,
)
@pytest.mark.usefixtures("released")
def test_releases_that_one_may_not_read(
    capsys: Output, command: list[str], what: Path, mode: int, said: Path
) -> None:
    """Nor are those without permission."""
    with closed(what, mode):
        assert run([*command, "shop.yaml"]) == 3
    refused = f"rpcgen {command[0]}: {said} cannot be read: permission denied\n"
    assert capsys.readouterr().err == refused


def test_a_project_whose_lock_folder_is_a_file(released: Path, capsys: Output) -> None:
    """Interfaces that are gone are looked for in the same folder."""
    (released / "pyproject.toml").write_text(PROJECT)
    (released / "releases").write_text("")
    assert run(["check"]) == 3
    assert "releases/town.shop cannot be read: not a directory" in capsys.readouterr().err


def test_a_folder_without_releases_is_no_baseline(released: Path, capsys: Output) -> None:
    """One that was named, and holds nothing, is probably misspelt."""
    (released / "empty").mkdir()
    assert run(["check", "shop.yaml", "--against", "empty"]) == 3
    said = "rpcgen check: empty: there is no interface file and no release in it\n"
    assert capsys.readouterr().err == said


@pytest.mark.usefixtures("released")
def test_what_was_never_released_says_where_it_looked(capsys: Output) -> None:
    """Whoever misspells a folder can see it."""
    assert run(["check", "shop.yaml", "--lock", "misspelt"]) == 0
    assert "nothing was ever released (none in misspelt/town.shop)" in capsys.readouterr().out


@pytest.mark.usefixtures("released")
def test_a_release_without_end(capsys: Output) -> None:
    """Whatever a file holds, it is one line that says so."""
    KEPT.write_text("[" * 100_000)
    assert run(["check", "shop.yaml"]) == 3
    said = f"rpcgen check: {KEPT} cannot be read: what it holds is nested too deeply\n"
    assert capsys.readouterr().err == said


@pytest.mark.usefixtures("released")
def test_a_release_as_windows_editors_save_it(capsys: Output) -> None:
    """A mark of the byte order and other ends of lines change nothing of what it says."""
    KEPT.write_bytes(b"\xef\xbb\xbf" + KEPT.read_bytes().replace(b"\n", b"\r\n"))
    assert run(["check", "shop.yaml"]) == 0
    assert "no change since 1.0" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("command", "what"),
    [
        (["release", "shop.yaml", "--lock", "other"], "other/town.shop/1.0.json"),
        (["bump", "--write", "changed.yaml"], "changed.yaml"),
        (["fmt", "shop.yaml"], "shop.yaml"),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_a_folder_that_one_may_not_write(
    released: Path, capsys: Output, command: list[str], what: str
) -> None:
    """It is one line, without the names of temporary files."""
    (released / "changed.yaml").write_text(FIRST.replace("open, closed", "open"))
    with closed(released, 0o555):
        assert run(command) == 2
    refused = capsys.readouterr().err.splitlines()[-1]
    assert refused == f"rpcgen {command[0]}: {what} cannot be written: permission denied"


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
@pytest.mark.usefixtures("released")
def test_a_folder_without_a_name_is_not_this_one(capsys: Output, command: list[str]) -> None:
    """A variable that is empty does not look for releases where none are."""
    assert run([*command, "shop.yaml", "--lock", ""]) == 2
    said = f"rpcgen {command[0]}: where releases are kept is empty; expected a folder\n"
    assert capsys.readouterr().err == said
