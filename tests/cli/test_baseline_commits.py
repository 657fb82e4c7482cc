"""`rpcgen check --against git:...`: files as they were in a commit, and what git itself refuses."""

from __future__ import annotations

import shlex
import subprocess
from pathlib import Path

import pytest
from rpcgen.cli.main import run

from tests.cli.test_check import FIRST, Output


def _write(folder: Path, text: str, name: str = "shop.yaml") -> None:
    (folder / name).write_text(text)


def git(folder: Path, *arguments: str) -> None:
    """Run git as somebody, and expect that it succeeds."""
    known = ["-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "init.defaultBranch=main"]
    subprocess.run(["git", *known, *arguments], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with two commits; the interface imports a file."""
    text = FIRST.replace("types:\n  State: {enum: [open, closed]}\n", "imports: [common.yaml]\n")
    api = tmp_path / "api"
    api.mkdir()
    _write(api, text)
    _write(api, "rpcgen: 1\ntypes: {State: {enum: [open, closed]}}\n", "common.yaml")
    git(tmp_path, "init")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-m", "First")
    git(tmp_path, "tag", "v1")
    _write(api, "rpcgen: 1\ntypes: {State: {enum: [open, closed, moving]}}\n", "common.yaml")
    git(tmp_path, "commit", "-am", "Second")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("against", "code"),
    [
        ("git:HEAD", 0),
        ("git:v1", 1),
        ("git:tag=v1", 1),
        ("git:HEAD~1:api/shop.yaml", 1),
        ("git:HEAD~1:api", 1),
    ],
)
def test_a_commit_is_a_baseline(repository: Path, capsys: Output, against: str, code: int) -> None:
    """A file is compared with what it was in a commit, imports included."""
    assert run(["check", "api/shop.yaml", "--against", against]) == code
    said = capsys.readouterr().out
    assert ("api/common.yaml:2:38: error[result-enum-value-added]" in said) == bool(code)
    assert ("  1.0: types: {State: {enum: [open, closed]}}" in said) == bool(code)


@pytest.mark.parametrize(
    ("against", "words"),
    [
        ("git:nowhere", "git knows no commit 'nowhere'"),
        ("git:origin/main", "git knows no commit 'origin/main'\n"),
        ("git:tag=v9", "git knows no commit 'refs/tags/v9'\n"),
        ("git:v1:api/none.yaml", "v1 has no file or folder 'api/none.yaml'"),
    ],
)
def test_a_commit_that_is_not_there(
    repository: Path, capsys: Output, against: str, words: str
) -> None:
    """Each way in which a commit cannot be read has its own words, and is 3."""
    assert run(["check", "api/shop.yaml", "--against", against]) == 3
    assert words in capsys.readouterr().err


def test_a_shallow_clone(repository: Path, capsys: Output, tmp_path: Path) -> None:
    """A commit that a shallow clone lacks is told apart from one that never was."""
    clone = tmp_path / "clone"
    git(repository, "clone", "--depth", "1", f"file://{repository}", str(clone))
    assert run(["check", f"{clone}/api/shop.yaml", "--against", "git:v1"]) == 3
    said = capsys.readouterr().err
    assert "this clone is shallow" in said
    assert "git fetch --unshallow" in said


@pytest.mark.parametrize("depth", [[], ["--depth", "1"]])
@pytest.mark.parametrize("against", ["git:origin/next", "git:tag=later"])
def test_what_brings_a_commit_is_told_and_brings_it(
    repository: Path, capsys: Output, tmp_path: Path, depth: list[str], against: str
) -> None:
    """A clone of one branch has no other one, and no tag of one: the command that is printed fetches what is asked for."""
    git(repository, "checkout", "-b", "next")
    git(repository, "commit", "--allow-empty", "-m", "Third")
    git(repository, "tag", "later")
    git(repository, "checkout", "-")
    clone = tmp_path / "clone"
    alone = [*depth, "--single-branch", "--no-tags", f"file://{repository}", str(clone)]
    git(repository, "clone", *alone)
    asked = ["check", f"{clone}/api/shop.yaml", "--against", against]
    assert run(asked) == 3
    said = capsys.readouterr().err
    assert ("this clone is shallow" in said) == bool(depth)
    command = shlex.split(said.partition("run `")[2].partition("`")[0])
    assert command[:2] == ["git", "fetch"]
    git(clone, *command[1:])
    assert run(asked) == 0
    assert f"({against.replace('tag=', 'refs/tags/')}:api/shop.yaml)" in capsys.readouterr().out


@pytest.mark.parametrize("against", ["git:HEAD~1", "git:v1"])
def test_a_file_that_has_moved_since_a_commit(
    repository: Path, capsys: Output, against: str
) -> None:
    """An interface is found where it was then: moving its file hides no change."""
    (repository / "api").rename(repository / "interfaces")
    assert run(["check", "interfaces/shop.yaml", "--against", against]) == 1
    said = capsys.readouterr().out
    assert "error[result-enum-value-added]" in said
    assert f"major changes since 1.0 ({against}:api/shop.yaml)" in said
    git(repository, "add", ".")
    git(repository, "commit", "-m", "Third")
    assert run(["check", "interfaces/shop.yaml", "--against", "git:HEAD~1"]) == 0
    assert "no change since 1.0 (git:HEAD~1:api/shop.yaml)" in capsys.readouterr().out


def test_a_library_that_became_an_interface_was_never_released(
    repository: Path, capsys: Output
) -> None:
    """A file that described nothing in a commit is no older self, and one that cannot be read is no excuse."""
    _write(repository / "api", FIRST.replace("town.shop", "town.bank"), "common.yaml")
    assert run(["check", "api/common.yaml", "--against", "git:HEAD"]) == 0
    assert "nothing was ever released" in capsys.readouterr().out
    (repository / "api" / "common.yaml").write_bytes(b"\xff\xfe\x00")
    git(repository, "commit", "-am", "Third")
    _write(repository / "api", FIRST.replace("town.shop", "town.bank"), "common.yaml")
    assert run(["check", "api/common.yaml", "--against", "git:HEAD"]) == 3


def test_no_repository(tmp_path: Path, capsys: Output) -> None:
    """Without a repository, `git:` is 3."""
    _write(tmp_path, FIRST)
    assert run(["check", f"{tmp_path}/shop.yaml", "--against", "git:main"]) == 3
    assert "is in no git repository" in capsys.readouterr().err


def test_a_file_that_is_new_in_a_commit_was_never_released(
    repository: Path, capsys: Output
) -> None:
    """A new interface has no older self."""
    _write(repository, FIRST.replace("town.shop", "town.bank"), "bank.yaml")
    assert run(["check", "bank.yaml", "--against", "git:HEAD"]) == 0
    assert "nothing was ever released" in capsys.readouterr().out


@pytest.mark.usefixtures("repository")
@pytest.mark.parametrize("path", ["api/", "./api", "api/../api", ".", "api//shop.yaml"])
def test_a_path_may_be_written_in_other_ways(capsys: Output, path: str) -> None:
    """What names the same folder is the same."""
    assert run(["check", "api/shop.yaml", "--against", f"git:v1:{path}"]) == 1
    assert "error[result-enum-value-added]" in capsys.readouterr().out


@pytest.mark.usefixtures("repository")
def test_nothing_is_no_baseline(capsys: Output) -> None:
    """A variable that is empty does not compare a file with itself."""
    assert run(["check", "api/shop.yaml", "--against", ""]) == 2
    assert "rpcgen check: what to compare with is empty" in capsys.readouterr().err


def test_a_mistake_in_a_commit_is_told_by_its_place_there(repository: Path, capsys: Output) -> None:
    """Nobody sees the folder that a commit was written to."""
    shop = repository / "api" / "shop.yaml"
    right = shop.read_text()
    shop.write_text(right.replace('"1.0"', "first"))
    git(repository, "commit", "-am", "Third")
    shop.write_text(right)
    assert run(["check", "api/shop.yaml", "--against", "git:HEAD"]) == 3
    said = capsys.readouterr().err
    assert said.startswith("git:HEAD:api/shop.yaml:3:10: error[bad-version]")
    assert said.endswith(
        "rpcgen check: git:HEAD:api/shop.yaml has mistakes; nothing was compared\n"
    )


def test_a_release_in_a_commit_that_was_changed_afterwards(
    repository: Path, capsys: Output
) -> None:
    """It is told by its place there, too."""
    assert run(["release", "api/shop.yaml"]) == 0
    kept = repository / "rpcgen.lock" / "town.shop" / "1.0.json"
    kept.write_text(kept.read_text().replace('"closed"', '"shut"'))
    git(repository, "add", ".")
    git(repository, "commit", "-m", "Third")
    assert run(["check", "api/shop.yaml", "--against", "git:HEAD:rpcgen.lock"]) == 1
    said = capsys.readouterr().out
    assert "git:HEAD:rpcgen.lock/town.shop/1.0.json:1:1: error[history-rewritten]" in said


def test_what_git_refuses_is_told_in_its_words(
    repository: Path, capsys: Output, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A repository of another owner is none to git, as in most containers of CI; git knows what to do."""
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    monkeypatch.setenv("LC_ALL", "C")
    assert run(["check", "api/shop.yaml", "--against", "git:HEAD"]) == 3
    said = capsys.readouterr().err
    assert "detected dubious ownership" in said
    assert f"git config --global --add safe.directory {repository}" in said
    assert said.count("\n") == 1
