"""`rpcgen fmt` as a user runs it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from rpcgen.cli.main import run

from tests.cli.command import rpcgen

GOOD = 'rpcgen: 1\ninterface: demo.good\nversion: "1.0"\n\nmethods:\n  go: {call: any}  # goes\n'
BAD = "interface:  demo.good\nrpcgen: 1\nversion: 1.0\nmethods:\n    go: {call: any}   # goes\n"
FIXED = GOOD.replace("}  #", "}     #")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with a file that is formatted and one that is not."""
    (tmp_path / "pyproject.toml").write_text('[tool.rpcgen]\nfiles = ["*.yaml"]\n')
    (tmp_path / "good.yaml").write_text(GOOD)
    (tmp_path / "bad.yaml").write_text(BAD)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_project_is_formatted(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Only files that change are written and named; the second run has nothing to do."""
    stamp = (folder / "good.yaml").stat().st_mtime_ns
    assert run(["fmt"]) == 0
    assert capsys.readouterr() == ("formatted bad.yaml\n", "")
    assert (folder / "bad.yaml").read_text() == FIXED
    assert (folder / "good.yaml").stat().st_mtime_ns == stamp
    assert run(["fmt"]) == 0
    assert capsys.readouterr() == ("", "")


def test_check_writes_nothing(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """--check names what would change, and ends with 1; with 0 if there is nothing."""
    assert run(["fmt", "--check"]) == 1
    assert capsys.readouterr() == ("", "would format bad.yaml\n")
    assert (folder / "bad.yaml").read_text() == BAD
    assert run(["fmt", "--check", "good.yaml"]) == 0
    assert run(["fmt", "--check", "-q", "bad.yaml"]) == 1
    assert capsys.readouterr() == ("", "")


def test_diff_shows_what_would_change(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """--diff is a patch."""
    assert run(["fmt", "--diff", "-q"]) == 1
    out = capsys.readouterr().out
    assert out.startswith("--- a/bad.yaml\n+++ b/bad.yaml\n@@ ")
    assert '+version: "1.0"\n' in out
    assert (folder / "bad.yaml").read_text() == BAD


def test_mistakes_of_all_files_are_shown(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What cannot be read, by YAML or at all, is told for every file, and nothing is written."""
    (folder / "broken.yaml").write_text("a: 'b\n")
    (folder / "list.yaml").write_text("- a\n")
    assert run(["fmt"]) == 2
    err = capsys.readouterr().err
    assert "broken.yaml:1:4: error[yaml-syntax]" in err
    assert "list.yaml:1:1: error[wrong-kind]" in err
    assert err.endswith("rpcgen fmt: 2 mistakes; nothing was written\n")
    assert (folder / "bad.yaml").read_text() == BAD
    assert run(["fmt", "nowhere.yaml", "bad.yaml"]) == 2
    assert "nowhere.yaml:1:1: error[file-unreadable]" in capsys.readouterr().err


def test_libraries_and_files_with_mistakes_have_a_layout(folder: Path) -> None:
    """A file needs to be YAML, and no more."""
    (folder / "common.yaml").write_text("types: {Id: 'uuid', Broken: {typ: nothing}}\nrpcgen: 1\n")
    assert run(["fmt", "-q", "common.yaml"]) == 0
    expected = 'rpcgen: 1\n\ntypes: {Id: "uuid", Broken: {typ: nothing}}\n'
    assert (folder / "common.yaml").read_text() == expected


def test_standard_input(tmp_path: Path) -> None:
    """An editor pipes what it shows through it."""

    def piped(text: str, *options: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "rpcgen.cli", "fmt", "-", *options]
        return subprocess.run(
            command, input=text, cwd=tmp_path, capture_output=True, text=True, check=False
        )

    assert piped(BAD).stdout == FIXED
    assert (piped(FIXED, "--check").returncode, piped(BAD, "--check").returncode) == (0, 1)
    assert "<stdin>:1:4: error[yaml-syntax]" in piped("a: 'b").stderr


def test_what_yaml_cannot_read_for_brackets_is_mended(folder: Path) -> None:
    """An unquoted type in brackets, which compile refuses, is what its author meant."""
    (folder / "bad.yaml").write_text(GOOD.replace("call: any", "call: any, args: {x: list[int]}"))
    assert rpcgen("compile", "-o", "out", "bad.yaml", cwd=folder).code == 2
    assert run(["fmt", "-q", "bad.yaml"]) == 0
    assert rpcgen("compile", "-o", "out", "bad.yaml", cwd=folder).code == 0
    assert "      x: list[int]\n" in (folder / "bad.yaml").read_text()
