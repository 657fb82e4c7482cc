"""`rpcgen lint` as a user runs it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from rpcgen.cli.main import run
from rpcgen.idl.lint.rule import rule, rule_ids

ROOT = Path(__file__).parents[2]
HEAD = 'rpcgen: 1\ninterface: demo.{name}\nversion: "1.0"\ndoc: A demo.\n'
CLEAN = HEAD + "methods:\n  go: {{doc: Go., cast: any}}\n"
WARNED = HEAD + "methods:\n  go: {{doc: Go., call: any}}\n"
WRONG = HEAD + "methods:\n  goNow: {{doc: Go., cast: any}}\n"
ENUM = "types:\n  Answer: {open: true, enum: [yes, no]}  # both\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with interface files."""
    for name, text in {"clean": CLEAN, "warned": WARNED, "wrong": WRONG}.items():
        (tmp_path / f"{name}.yaml").write_text(text.format(name=name))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("files", "code", "summary"),
    [
        (["clean"], 0, "nothing found"),
        (["clean", "warned"], 0, "1 warning"),
        (["warned", "wrong"], 1, "1 error, 1 warning"),
    ],
)
def test_exit_codes(
    folder: Path, capsys: pytest.CaptureFixture[str], files: list[str], code: int, summary: str
) -> None:
    """Warnings alone are 0, an error is 1; findings are on stdout and the count on stderr."""
    assert run(["lint", *(f"{name}.yaml" for name in files)]) == code
    said = capsys.readouterr()
    assert said.err == summary + "\n"
    assert said.out.count("[") == len(files) - files.count("clean")


def test_a_file_that_does_not_compile(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Its mistakes are shown as compile shows them, with 2, and nothing is linted."""
    (folder / "bad.yaml").write_text("rpcgen: 1\ninterface: a.b\n")
    assert run(["lint", "bad.yaml", "wrong.yaml"]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert "bad.yaml:1:1: error[missing-key]" in said.err
    assert said.err.endswith("rpcgen lint: 1 mistake; nothing was linted\n")


def test_rules_can_be_chosen(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """By category, one more, one less."""
    assert run(["lint", "--category", "minimal", "wrong.yaml", "warned.yaml"]) == 0
    assert run(["lint", "--category", "minimal", "--select", "name-style", "wrong.yaml"]) == 1
    assert run(["lint", "--ignore", "name-style", "wrong.yaml"]) == 0
    capsys.readouterr()


def test_a_project_chooses_rules(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """[tool.rpcgen.lint] says which, and the command line goes first."""
    project = '[tool.rpcgen]\nfiles = ["w*.yaml"]\n[tool.rpcgen.lint]\n'
    (folder / "pyproject.toml").write_text(project + 'ignore = ["name-style"]\n')
    assert run(["lint"]) == 0
    assert run(["lint", "--ignore", "call-without-timeout"]) == 1
    capsys.readouterr()
    (folder / "pyproject.toml").write_text(
        project + 'select = ["name-stile"]\nignore = ["any-usd"]\n'
    )
    assert run(["lint"]) == 2
    assert capsys.readouterr().err == (
        "rpcgen lint: pyproject.toml:\n"
        "  [tool.rpcgen.lint] select: there is no lint rule 'name-stile'; did you mean 'name-style'?\n"
        "  [tool.rpcgen.lint] ignore: there is no lint rule 'any-usd'; did you mean 'any-used'?\n"
    )
    (folder / "pyproject.toml").write_text(project)
    assert run(["lint", "--select", "xyz", "--ignore", "any-usd"]) == 2
    assert capsys.readouterr().err == (
        "rpcgen lint: --select: there is no lint rule 'xyz'\n"
        "  --ignore: there is no lint rule 'any-usd'; did you mean 'any-used'?\n"
    )


def test_fix_mends_and_tells_the_rest(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Only what is mended changes; comments, line ends and permissions stay."""
    file = folder / "wrong.yaml"
    before = file.read_text() + ENUM
    file.write_bytes(before.replace("\n", "\r\n").encode())
    file.chmod(0o640)
    assert run(["lint", "wrong.yaml", "--select", "unused-type"]) == 1
    assert capsys.readouterr().err == "1 error, 3 warnings, 2 can be mended with --fix\n"
    assert run(["lint", "--fix", "wrong.yaml"]) == 1
    assert capsys.readouterr().err == "1 error, 1 warning, 2 mended\n"
    after = before.replace("[yes, no]", '["yes", "no"]')
    assert file.read_bytes() == after.replace("\n", "\r\n").encode()
    assert file.stat().st_mode & 0o777 == 0o640
    assert [path.name for path in folder.glob(".*")] == []


def test_what_two_interfaces_import_is_told_once(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A library is linted with each interface, and what is found there is told, and mended, once."""
    (folder / "common.yaml").write_text("rpcgen: 1\n" + ENUM)
    for name in ("one", "two"):
        text = CLEAN.format(name=name).replace("methods", "imports: [common.yaml]\nmethods")
        (folder / f"{name}.yaml").write_text(
            text.replace("cast: any", "cast: any, args: {a: Answer}")
        )
    assert run(["lint", "one.yaml", "two.yaml", "common.yaml"]) == 0
    assert capsys.readouterr().err == "2 warnings, 2 can be mended with --fix\n"
    assert run(["lint", "--fix", "one.yaml", "two.yaml"]) == 0
    assert (folder / "common.yaml").read_text() == "rpcgen: 1\n" + ENUM.replace(
        "[yes, no]", '["yes", "no"]'
    )


def test_a_file_that_cannot_be_written(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It is one line, and 2; the file is as it was. (No name is left for the file that would replace it.)"""
    file = folder / f"{'x' * 248}.yaml"
    file.write_text(CLEAN.format(name="x") + ENUM)
    assert run(["lint", "--fix", file.name]) == 2
    assert f"rpcgen lint: {file.name} cannot be written: " in capsys.readouterr().err
    assert file.read_text() == CLEAN.format(name="x") + ENUM


def test_list_needs_no_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each rule has a line, in any folder."""
    monkeypatch.chdir(tmp_path)
    assert run(["lint", "--list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert sorted(line.split()[0] for line in lines) == rule_ids()


def test_explain_knows_the_rules(capsys: pytest.CaptureFixture[str]) -> None:
    """The page of a lint rule is printed, and a misspelt one leads to it."""
    assert run(["explain", "any-used"]) == 0
    assert capsys.readouterr().out.startswith("# any-used\n\nA type is `any`")
    assert run(["explain", "any-usde"]) == 2
    assert "did you mean 'any-used'?" in capsys.readouterr().err


def test_the_page_lists_every_rule() -> None:
    """docs/lint.md has a row for each rule, with its category, severity and summary."""
    page = (ROOT / "docs/lint.md").read_text()
    rows = re.findall(r"^\| `([a-z-]+)` \| (\w+) \| (\w+) \| (.*) \|$", page, re.M)
    expected = [(e.id, e.category, e.severity, e.summary) for e in map(rule, rule_ids())]
    assert sorted(rows) == expected
