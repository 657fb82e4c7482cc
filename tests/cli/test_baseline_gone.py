"""`rpcgen check --against ...` of a whole project: interfaces that the baseline has, and that no file describes any more."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from rpcgen.cli.main import run

from tests.cli.test_baseline_commits import git
from tests.cli.test_check import FIRST, Output

BANK = FIRST.replace("town.shop", "town.bank")
LIBRARY = "rpcgen: 1\ntypes: {Spare: {enum: [one, two]}}\n"
PROJECT = '[tool.rpcgen]\nfiles = ["api/*.yaml"]\n'
WAIVER = '[[tool.rpcgen.waivers]]\nfingerprint = "{}"\nreason = "nobody calls it"\nuntil = {}\n'


@pytest.fixture
def town(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Output) -> Path:
    """A project with two interfaces; a commit `v1` has them, and a library, and their releases, as has the folder `then`."""
    api = tmp_path / "api"
    api.mkdir()
    (api / "shop.yaml").write_text(FIRST)
    (api / "bank.yaml").write_text(BANK)
    (api / "spare.yaml").write_text(LIBRARY)
    (tmp_path / "pyproject.toml").write_text(PROJECT)
    monkeypatch.chdir(tmp_path)
    assert run(["release", "api/shop.yaml", "api/bank.yaml"]) == 0
    shutil.copytree(api, "then")
    (tmp_path / ".gitignore").write_text("then/\n")
    git(tmp_path, "init")
    commit(tmp_path, "v1")
    (api / "spare.yaml").unlink()
    capsys.readouterr()
    return tmp_path


def commit(folder: Path, tag: str) -> None:
    """Commit all that is there."""
    git(folder, "add", "--all")
    git(folder, "commit", "-m", tag)
    git(folder, "tag", tag)


BASELINES = {
    "git:v1": "git:v1:api/bank.yaml:2:12",
    "git:tag=v1": "git:refs/tags/v1:api/bank.yaml:2:12",
    "git:v1:api": "git:v1:api/bank.yaml:2:12",
    "git:v1:rpcgen.lock": "git:v1:rpcgen.lock/town.bank/1.0.json:1:1",
    "then": "then/bank.yaml:2:12",
    "rpcgen.lock": "rpcgen.lock/town.bank/1.0.json:1:1",
}


def told(capsys: Output) -> list[str]:
    """The places of interfaces that are gone."""
    said = capsys.readouterr().out
    return re.findall(r"^(.*): error\[interface-removed\]: town\.bank was released", said, re.M)


@pytest.mark.parametrize("against", BASELINES)
def test_a_file_that_was_deleted_is_told(town: Path, capsys: Output, against: str) -> None:
    """What the baseline has and no file describes is an error, at its place there; a library describes nothing."""
    assert run(["check", "--against", against]) == 0
    assert told(capsys) == []
    (town / "api" / "bank.yaml").unlink()
    assert run(["check", "--against", against]) == 1
    assert told(capsys) == [BASELINES[against]]


@pytest.mark.parametrize("against", BASELINES)
def test_an_interface_of_another_name_is_another_one(
    town: Path, capsys: Output, against: str
) -> None:
    """Nothing in a file says that it was called otherwise: no client of the old name finds it."""
    (town / "api" / "bank.yaml").write_text(BANK.replace("town.bank", "town.purse"))
    assert run(["check", "--against", against]) == 1
    assert told(capsys) == [BASELINES[against]]


@pytest.mark.parametrize("against", BASELINES)
def test_an_interface_in_another_file_is_not_gone(town: Path, capsys: Output, against: str) -> None:
    """Its name counts, wherever it is."""
    (town / "api" / "bank.yaml").rename(town / "api" / "banks.yaml")
    assert run(["check", "--against", against]) == 0
    assert told(capsys) == []


@pytest.mark.parametrize("against", BASELINES)
def test_one_file_of_the_project_tells_nothing_of_others(
    town: Path, capsys: Output, against: str
) -> None:
    """Nobody who asks about one file asks whether all are there."""
    (town / "api" / "shop.yaml").rename(town / "api" / "store.yaml")
    assert run(["check", "api/bank.yaml", "--against", against]) == 0
    assert "interface-removed" not in capsys.readouterr().out


def test_a_file_that_the_project_named_then(town: Path, capsys: Output) -> None:
    """Whoever takes a file away takes its name out of the project file, too."""
    project = town / "pyproject.toml"
    project.write_text(PROJECT.replace("api/*", "api/shop").replace('"]', '", "api/bank.yaml"]'))
    commit(town, "v2")
    project.write_text(PROJECT.replace("api/*", "api/shop"))
    (town / "api" / "bank.yaml").unlink()
    assert run(["check", "--against", "git:v2"]) == 1
    assert told(capsys) == ["git:v2:api/bank.yaml:2:12"]


def test_a_project_file_that_was_not_there_then(town: Path, capsys: Output) -> None:
    """What the project names now is looked for then, in the folder of the project."""
    inner = town / "inner"
    inner.mkdir()
    (town / "pyproject.toml").rename(inner / "pyproject.toml")
    (town / "api").rename(inner / "api")
    git(town, "rm", "-r", "--cached", "-q", ".")
    git(town, "add", "inner/api")
    git(town, "commit", "-m", "v2")
    (inner / "pyproject.toml").write_text(PROJECT.replace("api/", "../inner/api/"))
    (inner / "api" / "bank.yaml").unlink()
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(inner)
        assert run(["check", "--against", "git:HEAD"]) == 1
    assert told(capsys) == ["git:HEAD:inner/api/bank.yaml:2:12"]


def test_files_of_any_suffix(town: Path, capsys: Output) -> None:
    """A file is what the project says it is."""
    (town / "pyproject.toml").write_text(PROJECT.replace("*.yaml", "*.rpc"))
    for file in (town / "api").iterdir():
        file.rename(file.with_suffix(".rpc"))
    commit(town, "v2")
    (town / "api" / "bank.rpc").unlink()
    assert run(["check", "--against", "git:v2"]) == 1
    said = capsys.readouterr().out
    assert "git:v2:api/bank.rpc:2:12: error[interface-removed]" in said
    assert "town.shop 1.0: no change since 1.0 (git:v2:api/shop.rpc)" in said


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (BANK.replace('"1.0"', "first"), "/bank.yaml:3:10: error[bad-version]"),
        (BANK.replace("interface:", '"interface":') + "]", "/bank.yaml:9:1: error[yaml-syntax]"),
        ("{rpcgen: 1,\n interface: town.bank,", "/bank.yaml:2:23: error[yaml-syntax]"),
        (BANK.replace("shop", "sh\udcff").replace("bank", "b\udcff"), "/bank.yaml:2:18: error["),
    ],
    ids=["mistake", "no map", "no end", "no UTF-8"],
)
@pytest.mark.parametrize("against", ["git:v2", "git:v2:api", "then"])
def test_what_cannot_be_read_may_have_been_an_interface(
    town: Path, capsys: Output, against: str, data: str, said: str
) -> None:
    """It is 3, with its place, and not an interface that never was."""
    for folder in ("api", "then"):
        (town / folder / "bank.yaml").write_text(data, errors="surrogateescape")
    commit(town, "v2")
    (town / "api" / "bank.yaml").unlink()
    assert run(["check", "--against", against]) == 3
    where = "then" if against == "then" else "git:v2:api"
    assert f"{where}{said}" in capsys.readouterr().err


def test_a_project_file_that_could_not_be_read_then(town: Path, capsys: Output) -> None:
    """Nobody knows which files it named."""
    (town / "pyproject.toml").write_text("[tool.rpcgen]\nfiles = [\n")
    commit(town, "v2")
    (town / "pyproject.toml").write_text(PROJECT)
    assert run(["check", "--against", "git:v2"]) == 3
    said = capsys.readouterr().err
    assert said.startswith("rpcgen check: git:v2:pyproject.toml: not readable as TOML")


@pytest.mark.parametrize("against", ["git:v2", "git:v2:api"])
def test_a_link_in_a_commit_leads_to_what_is_there(
    town: Path, capsys: Output, against: str
) -> None:
    """An interface file may be a link to another file, of any name."""
    (town / "files").mkdir()
    (town / "api" / "bank.yaml").rename(town / "files" / "bank")
    (town / "api" / "bank.yaml").symlink_to("../files/bank")
    commit(town, "v2")
    assert run(["check", "--against", against]) == 0
    (town / "api" / "bank.yaml").unlink()
    assert told(capsys) == []
    assert run(["check", "--against", against]) == 1
    assert told(capsys) == ["git:v2:api/bank.yaml:2:12"]


def test_a_folder_that_is_a_link_in_a_commit(town: Path, capsys: Output) -> None:
    """The project's patterns lead through it."""
    (town / "api").rename(town / "real")
    (town / "api").symlink_to("real")
    commit(town, "v2")
    (town / "real" / "bank.yaml").unlink()
    assert run(["check", "--against", "git:v2"]) == 1
    assert told(capsys) == ["git:v2:api/bank.yaml:2:12"]


@pytest.mark.parametrize("files", [[], ["api/shop.yaml"]], ids=["whole", "one"])
@pytest.mark.parametrize("against", ["git:v2", "git:v2:api"])
@pytest.mark.parametrize(
    "to", ["nowhere", "bank.yaml", "../../outside.yaml", "OUTSIDE", "../up/up/outside.yaml"]
)
def test_a_link_in_a_commit_that_leads_out_of_it(
    town: Path, capsys: Output, files: list[str], against: str, to: str
) -> None:
    """What is there now is not what was there then: it is 3, and not nothing."""
    (town / "api" / "mill.yaml").write_text(FIRST.replace("town.shop", "town.mill"))
    outside = town.parent / "outside.yaml"
    outside.write_text(BANK)
    (town / "up").mkdir()
    (town / "up" / "up").symlink_to("../..")
    bank = town / "api" / "bank.yaml"
    bank.unlink()
    bank.symlink_to(to.replace("OUTSIDE", str(outside)))
    commit(town, "v2")
    bank.unlink()
    code = 0 if files and against == "git:v2" else 3
    assert run(["check", *files, "--against", against]) == code
    said = "rpcgen check: git:v2:api/bank.yaml cannot be read: it is a link to nothing there\n"
    assert capsys.readouterr().err == (said if code else "")


def _fingerprint(capsys: Output) -> str:
    return capsys.readouterr().out.partition("waive: fingerprint ")[2][:12]


def test_that_an_interface_is_gone_may_be_waived(town: Path, capsys: Output) -> None:
    """A commit cannot be changed, so there is another way to say that it is meant; every format tells it."""
    (town / "api" / "bank.yaml").unlink()
    assert run(["check", "--against", "git:v1"]) == 1
    project, fingerprint = town / "pyproject.toml", _fingerprint(capsys)
    project.write_text(PROJECT + WAIVER.format(fingerprint, "2999-01-31"))
    assert run(["check", "--against", "git:v1"]) == 0
    said = capsys.readouterr().out
    assert "waived[interface-removed]: town.bank was released, and no file describes it\n" in said
    assert "  waived until 2999-01-31: nobody calls it\n" in said
    assert run(["check", "--against", "git:v1", "--format", "json"]) == 0
    (found,) = checked_json(capsys)["project"]
    assert found["waived"] == {"reason": "nobody calls it", "until": "2999-01-31"}
    assert run(["check", "--against", "git:v1", "--format", "github"]) == 0
    assert "interface-removed (waived)" in capsys.readouterr().out
    assert run(["check"]) == 0


def checked_json(capsys: Output) -> dict[str, Any]:
    """What was printed, which is what its schema says."""
    whole = json.loads(capsys.readouterr().out)
    assert run(["schema", "--check"]) == 0
    Draft202012Validator(json.loads(capsys.readouterr().out)).validate(whole)
    return whole


@pytest.mark.parametrize("until", ["2001-01-31", '"2.0"'])
def test_a_waiver_of_what_is_gone_ends_with_a_day(town: Path, capsys: Output, until: str) -> None:
    """It never has another version; a waiver until one is over from the beginning."""
    (town / "api" / "bank.yaml").unlink()
    assert run(["check", "--against", "git:v1"]) == 1
    text = PROJECT + WAIVER.format(_fingerprint(capsys), until)
    (town / "pyproject.toml").write_text(text)
    assert run(["check", "--against", "git:v1"]) == 1
    said = capsys.readouterr().out
    assert "error[interface-removed]" in said
    assert "error[waiver-expired]" in said


def test_a_file_outside_of_the_repository_was_in_no_commit(
    town: Path, capsys: Output, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where a commit is written to, nothing that is beside it is taken for a part of it."""
    for folder, name in (("around", "bank"), ("temporary/around", "mint")):
        (town / folder).mkdir(parents=True)
        text = BANK.replace("town.bank", f"town.{name}")
        (town / folder / "bank.yaml").write_text(text)
    inner = town / "inner"
    inner.mkdir()
    (inner / "mill.yaml").write_text(FIRST.replace("town.shop", "town.mill"))
    text = PROJECT.replace('"api/*.yaml"', '"mill.yaml", "../around/*.yaml"')
    (inner / "pyproject.toml").write_text(text)
    git(inner, "init")
    commit(inner, "v1")
    git(town, "init", "around")
    commit(town / "around", "v1")
    monkeypatch.chdir(inner)
    monkeypatch.setattr("tempfile.tempdir", str(town / "temporary"))
    assert run(["check", "--against", "git:v1"]) == 0
    assert "interface-removed" not in capsys.readouterr().out


def test_a_commit_is_read_without_its_templates(town: Path, capsys: Output) -> None:
    """What they make is no matter of releases, so nobody asks whether they were there."""
    (town / "pyproject.toml").write_text(PROJECT + 'templates = "own"\n')
    (town / "own").mkdir()
    commit(town, "v2")
    assert run(["check", "--against", "git:v2"]) == 0
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("against", ["git:v2", "git:v2:api", "then"])
def test_what_is_gone_imported_files(town: Path, capsys: Output, against: str) -> None:
    """They are looked for where the project says, as they were."""
    (town / "pyproject.toml").write_text(PROJECT + 'import-roots = ["shared"]\n')
    (town / "shared").mkdir()
    (town / "shared" / "common.yaml").write_text(LIBRARY)
    text = BANK.replace("types:", "imports: [common.yaml]\ntypes:").replace("string", "Spare")
    for folder in ("api", "then"):
        (town / folder / "bank.yaml").write_text(text)
    commit(town, "v2")
    (town / "api" / "bank.yaml").unlink()
    if against != "then":
        (town / "shared" / "common.yaml").unlink()
    assert run(["check", "--against", against]) == 1
    assert told(capsys) == [BASELINES[against.replace("v2", "v1")].replace("v1", "v2")]
