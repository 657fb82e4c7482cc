"""`rpcgen check` and `rpcgen release` as a user runs them."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest
from rpcgen.cli.main import run

FIRST = """rpcgen: 1
interface: town.shop
version: "1.0"
types:
  State: {enum: [open, closed]}
methods:
  state: {call: any, returns: State}
  order: {call: any, args: {item: string}}
"""
MORE = FIRST.replace('"1.0"', '"1.1"').replace(
    "item: string", "item: string, count: int? since 1.1"
)
BROKEN = FIRST.replace("open, closed", "open, closed, moving")
PROJECT = '[tool.rpcgen]\nfiles = ["shop.yaml"]\nlock = "releases"\n'

Output = pytest.CaptureFixture[str]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with an interface file, in no project."""
    (tmp_path / ".git").mkdir()
    (tmp_path / "shop.yaml").write_text(FIRST)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def released(folder: Path, capsys: Output) -> Path:
    """The same, after its first release."""
    assert run(["release", "shop.yaml"]) == 0
    capsys.readouterr()
    return folder


def _write(folder: Path, text: str, name: str = "shop.yaml") -> None:
    (folder / name).write_text(text)


def test_what_was_never_released_passes_and_says_how_to_start(folder: Path, capsys: Output) -> None:
    """Nothing to compare with is no failure, and no silence."""
    assert run(["check", "shop.yaml"]) == 0
    said = capsys.readouterr().out
    assert "nothing was ever released" in said
    assert "`rpcgen release shop.yaml`" in said


def test_a_release_is_written_once(folder: Path, capsys: Output) -> None:
    """Releasing the same again is no failure; releasing something else under the same version is."""
    assert run(["release", "shop.yaml"]) == 0
    kept = folder / "rpcgen.lock" / "town.shop" / "1.0.json"
    text = kept.read_text()
    assert run(["release", "shop.yaml"]) == 0
    assert kept.read_text() == text
    _write(folder, FIRST.replace("item: string", "item: string, size: int?"))
    assert run(["release", "shop.yaml"]) == 1
    assert kept.read_text() == text
    assert [each.name for each in kept.parent.iterdir()] == ["1.0.json"]


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        (FIRST, 0, "no change since 1.0"),
        (FIRST.replace("call: any, returns", "call: any, doc: Says it., returns"), 0, "no change"),
        (MORE, 0, "minor changes since 1.0"),
        (MORE.replace('"1.1"', '"1.0"').replace(" since 1.1", ""), 1, "version-not-bumped"),
        (MORE.replace(" since 1.1", ""), 1, "since-missing"),
        (BROKEN, 1, "needs: major (1.0 -> 2.0); or: give the value a fallback"),
        (FIRST.replace('"1.0"', '"2.0"'), 0, "warning[bump-too-big]"),
        (FIRST.replace("call", "cull"), 2, ""),
    ],
)
def test_exit_codes_and_words(
    released: Path, capsys: Output, text: str, code: int, words: str
) -> None:
    """0 clean or warnings, 1 errors, 2 mistakes."""
    _write(released, text)
    assert run(["check", "shop.yaml"]) == code
    assert words in capsys.readouterr().out


def test_a_finding_shows_the_line_and_what_it_was(released: Path, capsys: Output) -> None:
    """People see the place, the older text, what would make it pass, and how to waive it."""
    _write(released, BROKEN)
    assert run(["check", "shop.yaml"]) == 1
    blocks = capsys.readouterr().out.split("\n\n")
    (block,) = [each for each in blocks if "[result-enum-value-added]" in each]
    assert re.sub(r"\b[0-9a-f]{12}$", "…", block) == (
        'shop.yaml:5:32: error[result-enum-value-added]: the closed enum "State" gained "moving", returned by state\n'
        "    State: {enum: [open, closed, moving]}\n"
        "                                 ^^^^^^\n"
        "  1.0: closed, open\n"
        '  a 1.0 client fails on "moving": MistypedArgument: the value breaks a bound, expected one of closed, open\n'
        "  needs: major (1.0 -> 2.0); or: give the value a fallback, or declare State open in the next major\n"
        "  waive: fingerprint …"
    )


def test_an_older_file_shows_its_own_line(folder: Path, capsys: Output) -> None:
    """Compared with a file, what it was is the line of that file."""
    _write(folder, FIRST, "old.yaml")
    _write(folder, BROKEN)
    assert run(["check", "shop.yaml", "--against", "old.yaml"]) == 1
    assert "  1.0: State: {enum: [open, closed]}\n" in capsys.readouterr().out


def test_a_folder_of_releases_is_a_baseline(folder: Path, capsys: Output) -> None:
    """All files of the interface are releases; others are left out, and two of one version are not."""
    (folder / "old").mkdir()
    _write(folder, FIRST, "old/a.yaml")
    _write(folder, MORE, "old/b.yaml")
    _write(folder, FIRST.replace("town.shop", "town.bank"), "old/c.yaml")
    assert run(["check", "shop.yaml", "--against", "old"]) == 1
    assert "version-decreased" in capsys.readouterr().out
    _write(folder, FIRST, "old/d.yaml")
    assert run(["check", "shop.yaml", "--against", "old"]) == 3
    assert "are both town.shop 1.0" in capsys.readouterr().err


def test_a_file_that_describes_nothing_is_no_baseline(folder: Path, capsys: Output) -> None:
    """A file that was asked for by name and holds no interface is 3: nothing could be compared."""
    for text in ("", "rpcgen: 1\ntypes: {State: {enum: [open]}}\n"):
        _write(folder, text, "old.yaml")
        assert run(["check", "shop.yaml", "--against", "old.yaml"]) == 3
        assert "old.yaml describes no interface" in capsys.readouterr().err


@pytest.mark.parametrize("against", ["nowhere", "nowhere/else.yaml"])
def test_a_baseline_that_is_not_there(folder: Path, capsys: Output, against: str) -> None:
    """What was asked for and cannot be read is 3, never 0."""
    assert run(["check", "shop.yaml", "--against", against]) == 3
    assert "no such file or folder" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        ("{", 3, "it is no JSON"),
        ("<<<<<<< HEAD\n{}\n=======\n{}\n>>>>>>> next\n", 3, "a merge conflict is left in it"),
        ("{}", 3, "it is no release"),
        ('{"format": 99}', 3, "its format is 99"),
        ('{"format": 1, "interface": "town.shop"}', 3, "missing or of another kind"),
    ],
)
def test_a_release_that_cannot_be_read(
    released: Path, capsys: Output, text: str, code: int, words: str
) -> None:
    """A damaged release is 3, with what is wrong with it."""
    _write(released, text, "rpcgen.lock/town.shop/1.0.json")
    assert run(["check", "shop.yaml"]) == code
    assert words in capsys.readouterr().err


def test_a_release_that_is_no_text(released: Path, capsys: Output) -> None:
    """Bytes and folders in the place of a release are told without words of Python's."""
    kept = released / "rpcgen.lock" / "town.shop" / "1.0.json"
    kept.write_bytes(b"\xff\xfe")
    assert run(["check", "shop.yaml"]) == 3
    assert "1.0.json cannot be read: it is not UTF-8\n" in capsys.readouterr().err
    kept.unlink()
    kept.mkdir()
    assert run(["check", "shop.yaml"]) == 3
    assert "1.0.json cannot be read: is a directory\n" in capsys.readouterr().err


def test_a_release_that_was_changed_afterwards(released: Path, capsys: Output) -> None:
    """The digest tells that somebody edited what was released."""
    kept = released / "rpcgen.lock" / "town.shop" / "1.0.json"
    kept.write_text(kept.read_text().replace('"closed"', '"shut"'))
    assert run(["check", "shop.yaml"]) == 1
    assert "error[history-rewritten]" in capsys.readouterr().out


@pytest.mark.parametrize("command", [["check"], ["release"], ["bump", "--write"]])
def test_two_files_of_one_version(folder: Path, capsys: Output, command: list[str]) -> None:
    """Neither is taken for what the other one says, and nothing is written."""
    _write(folder, BROKEN, "copy.yaml")
    assert run([*command, "shop.yaml", "copy.yaml"]) == 2
    said = capsys.readouterr().err
    assert "copy.yaml:2:12: error[interface-clash]: two files describe town.shop 1.0" in said
    assert "shop.yaml:2:12: the other one" in said
    assert sorted(each.name for each in folder.iterdir()) == [".git", "copy.yaml", "shop.yaml"]
    _write(folder, BROKEN.replace('"1.0"', '"2.0"'), "copy.yaml")
    assert run(["check", "shop.yaml", "copy.yaml"]) == 0


# --- waivers ------------------------------------------------------------------------------------------------------


def _fingerprint(capsys: Output, rule: str) -> str:
    assert run(["check", "--format", "json"]) == 1
    (found,) = json.loads(capsys.readouterr().out)["interfaces"]
    return next(str(each["fingerprint"]) for each in found["findings"] if each["rule"] == rule)


@pytest.fixture
def project(folder: Path, capsys: Output) -> Path:
    """A project whose interface was released, and then broken."""
    _write(folder, PROJECT, "pyproject.toml")
    assert run(["release"]) == 0
    assert (folder / "releases" / "town.shop" / "1.0.json").exists()
    _write(folder, BROKEN.replace('"1.0"', '"1.1"').replace("moving", "moving since 1.1"))
    capsys.readouterr()
    return folder


def _waive(folder: Path, fingerprint: str, until: str) -> None:
    waiver = f'\n[[tool.rpcgen.waivers]]\nfingerprint = "{fingerprint}"\nreason = "nobody asks"\nuntil = "{until}"\n'
    _write(folder, PROJECT + waiver, "pyproject.toml")


@pytest.mark.parametrize("until", ["1.2", "2999-01-01"])
def test_a_waived_finding_passes_and_is_shown(project: Path, capsys: Output, until: str) -> None:
    """A waiver takes the verdict away, not the finding."""
    _waive(project, _fingerprint(capsys, "result-enum-value-added"), until)
    assert run(["check"]) == 0
    said = capsys.readouterr().out
    assert "waived[result-enum-value-added]" in said
    assert f"waived until {until}: nobody asks" in said
    assert "no other change since 1.0" in said
    assert "1 waived" in said


@pytest.mark.parametrize("until", ["1.1", "2020-01-01"])
def test_a_waiver_that_is_over_is_an_error(project: Path, capsys: Output, until: str) -> None:
    """What it accepted counts again, and the waiver itself is pointed at."""
    _waive(project, _fingerprint(capsys, "result-enum-value-added"), until)
    assert run(["check"]) == 1
    said = capsys.readouterr().out
    assert "error[result-enum-value-added]" in said
    assert "pyproject.toml:6:16: error[waiver-expired]" in said


def test_a_waiver_of_nothing_is_an_error(project: Path, capsys: Output) -> None:
    """Left behind, it is told; but not when only some files are checked."""
    _waive(project, "0123456789ab", "1.2")
    _write(project, FIRST)
    assert run(["check"]) == 1
    assert "pyproject.toml:6:16: error[waiver-unused]" in capsys.readouterr().out
    _write(project, FIRST.replace("town.shop", "town.bank"), "bank.yaml")
    assert run(["check", "bank.yaml"]) == 0


def test_fingerprints_do_not_depend_on_places(project: Path, capsys: Output) -> None:
    """Lines that move and words that change leave a waiver as it is."""
    before = _fingerprint(capsys, "result-enum-value-added")
    text = (project / "shop.yaml").read_text()
    _write(project, text.replace("types:", "doc: A shop.\n\ntypes:"))
    assert _fingerprint(capsys, "result-enum-value-added") == before


def test_an_interface_that_is_gone_is_an_error(project: Path, capsys: Output) -> None:
    """What was released and is in no file any more is told, until its releases are removed, too."""
    _write(project, FIRST)
    kept = project / "releases" / "town.bank"
    kept.mkdir()
    text = (project / "releases" / "town.shop" / "1.0.json").read_text()
    (kept / "1.0.json").write_text(text.replace("town.shop", "town.bank"))
    assert run(["check"]) == 1
    assert "releases/town.bank:1:1: error[interface-removed]" in capsys.readouterr().out
    assert run(["check", "shop.yaml", "--against", "shop.yaml"]) == 0
    (kept / "1.0.json").unlink()
    assert run(["check"]) == 0


def test_a_shared_type_costs_each_interface_its_own(folder: Path, capsys: Output) -> None:
    """A value in a file that two interfaces import is minor for the one that is sent it, major for the one that answers it."""
    common = "rpcgen: 1\ntypes: {State: {enum: [open, closed]}}\n"
    dated = (
        "rpcgen: 1\ntypes:\n  State:\n    enum:\n      OPEN: open\n      CLOSED: closed\n"
        '      MOVING: {value: moving, since: {town.sent: "1.1", town.told: "1.1"}}\n'
    )
    _write(folder, common.replace("[open, closed]", "{OPEN: open, CLOSED: closed}"), "common.yaml")
    head = 'rpcgen: 1\ninterface: town.{}\nversion: "1.{}"\nimports: [common.yaml]\nmethods:\n  '
    bodies = {
        "sent": "put: {cast: any, args: {state: State}}\n",
        "told": "get: {call: any, returns: State}\n",
    }
    files = [f"{name}.yaml" for name in bodies]
    for minor in (0, 1):
        for name, body in bodies.items():
            _write(folder, head.format(name, minor) + body, f"{name}.yaml")
        if minor == 0:
            assert run(["release", *files]) == 0
    _write(folder, dated, "common.yaml")
    capsys.readouterr()
    assert run(["check", *files, "--format", "json"]) == 1
    found = {each["interface"]: each for each in json.loads(capsys.readouterr().out)["interfaces"]}
    assert {name: (each["verdict"], each["passed"]) for name, each in found.items()} == {
        "town.sent": ("minor", True),
        "town.told": ("major", False),
    }
    assert all(f["place"]["file"] == "common.yaml" for f in found["town.sent"]["findings"])


def test_a_release_that_is_gone_from_between_others(released: Path, capsys: Output) -> None:
    """No minor may be skipped, so one that is not there was taken away; its releases can be asked elsewhere."""
    for minor in (1, 2):
        text = MORE.replace('"1.1"', f'"1.{minor}"')
        for each in range(2, minor + 1):
            text += f'  more{each}: {{cast: any, since: "1.{each}"}}\n'
        _write(released, text)
        assert run(["release", "shop.yaml"]) == 0
    subprocess.run(["cp", "-r", "rpcgen.lock", "kept"], check=True)
    (released / "rpcgen.lock/town.shop/1.1.json").unlink()
    capsys.readouterr()
    assert run(["check", "shop.yaml"]) == 1
    said = capsys.readouterr().out
    assert said.startswith(
        "rpcgen.lock/town.shop/1.1.json:1:1: error[history-rewritten]: what is kept of 1.1 is not what was released: "
        "its file is gone"
    )
    assert run(["check", "shop.yaml", "--against", "kept"]) == 0
