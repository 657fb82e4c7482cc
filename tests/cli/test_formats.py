"""What `rpcgen check` and `rpcgen lint` print for other programs is what their schemas say."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from jsonschema import Draft4Validator, Draft202012Validator, ValidationError
from rpcgen.cli._formats.entry import Group, of_diagnostic
from rpcgen.cli._formats.github import as_github
from rpcgen.cli._formats.junit import as_junit
from rpcgen.cli._formats.sarif import as_sarif
from rpcgen.cli.main import run
from rpcgen.idl import Diagnostic, Position
from xmlschema import XMLSchema, XMLSchemaValidationError

from tests.cli.test_check import BROKEN, FIRST

Output = pytest.CaptureFixture[str]

#: Where `make setup` puts the schemas of formats that are not ours.
SCHEMAS = Path(sys.prefix) / "schemas"


def check_sarif(text: str) -> Any:
    """A log that is what the schema of SARIF 2.1.0 says."""
    schema = json.loads((SCHEMAS / "sarif-2.1.0.json").read_text())
    Draft4Validator.check_schema(schema)
    log = json.loads(text)
    Draft4Validator(schema).validate(log)
    return log


def check_junit(text: str) -> ElementTree.Element:
    """A document that is what Jenkins' schema of JUnit's XML says."""
    XMLSchema(str(SCHEMAS / "junit-10.xsd")).validate(text)
    return ElementTree.fromstring(text)


#: A workflow command as GitHub's runner reads it: what would end a property or the command is escaped.
_COMMAND = re.compile(
    r"::(?P<level>error|warning|notice) (?P<properties>\w+=[^:,\r\n]*(?:,\w+=[^:,\r\n]*)*)::(?P<text>[^\r\n]*)"
)


def check_annotations(text: str) -> list[dict[str, str]]:
    """The annotations that GitHub's runner makes of a text, unescaped."""
    found: list[dict[str, str]] = []
    for line in text.splitlines():
        command = _COMMAND.fullmatch(line)
        assert command is not None, line
        pairs = (each.partition("=") for each in command["properties"].split(","))
        made = {key: _unescaped(value) for key, _, value in pairs}
        assert set(made) <= {"file", "line", "endLine", "col", "endColumn", "title"}
        found.append({**made, "level": command["level"], "text": _unescaped(command["text"])})
    return found


def _unescaped(text: str) -> str:
    codes = {"%0D": "\r", "%0A": "\n", "%3A": ":", "%2C": ",", "%25": "%"}
    return re.sub("%(?:0D|0A|3A|2C|25)", lambda code: codes[code[0]], text)


@pytest.fixture
def broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Output) -> Path:
    """A released interface that was broken afterwards."""
    (tmp_path / ".git").mkdir()
    monkeypatch.chdir(tmp_path)
    (tmp_path / "shop.yaml").write_text(FIRST)
    assert run(["release", "shop.yaml"]) == 0
    (tmp_path / "shop.yaml").write_text(BROKEN)
    capsys.readouterr()
    return tmp_path


def _output(capsys: Output, format_: str) -> str:
    assert run(["check", "shop.yaml", "--format", format_]) == 1
    return capsys.readouterr().out


def _schema(capsys: Output) -> dict[str, object]:
    assert run(["schema", "--check"]) == 0
    found: dict[str, object] = json.loads(capsys.readouterr().out)
    return found


def test_json_is_what_its_schema_says(broken: Path, capsys: Output) -> None:
    """Programs find the verdict, the versions and the findings where the schema says."""
    schema = _schema(capsys)
    Draft202012Validator.check_schema(schema)
    said = json.loads(_output(capsys, "json"))
    Draft202012Validator(schema).validate(said)
    (one,) = said["interfaces"]
    assert one["verdict"] == "major"
    assert one["version"] == {"said": "1.0", "released": "1.0", "required": "2.0"}
    rules = {each["rule"]: each for each in one["findings"]}
    assert set(rules) == {"version-not-bumped", "result-enum-value-added", "since-missing"}
    found = rules["result-enum-value-added"]
    assert (found["wire"], found["source"], found["level"]) == ("major", "minor", "error")
    assert found["place"] == {"file": "shop.yaml", "line": 5, "column": 32, "length": 6}
    assert found["waived"] is None


def test_the_schema_of_json_refuses_other_json(broken: Path, capsys: Output) -> None:
    """The schema can fail."""
    said = json.loads(_output(capsys, "json"))
    said["interfaces"][0]["verdict"] = "huge"
    assert not Draft202012Validator(_schema(capsys)).is_valid(said)


def test_sarif_is_what_its_schema_says(broken: Path, capsys: Output) -> None:
    """Code scanning services get a valid log; each result leads to its rule."""
    said = check_sarif(_output(capsys, "sarif"))
    (ran,) = said["runs"]
    rules = [rule["id"] for rule in ran["tool"]["driver"]["rules"]]
    assert [rules[each["ruleIndex"]] for each in ran["results"]] == [
        each["ruleId"] for each in ran["results"]
    ]
    assert {each["level"] for each in ran["results"]} == {"error"}
    said["runs"][0]["results"][0]["level"] = "bad"
    with pytest.raises(ValidationError):
        check_sarif(json.dumps(said))


def test_github_annotations(broken: Path, capsys: Output) -> None:
    """One command a line, with the place; what would break a line is escaped."""
    text = _output(capsys, "github")
    lines = text.splitlines()
    assert [each["title"] for each in check_annotations(text)] == [
        "version-not-bumped",
        "result-enum-value-added",
        "since-missing",
    ]
    assert lines[1].startswith(
        "::error file=shop.yaml,line=5,col=32,endColumn=38,title=result-enum-value-added::the closed enum"
    )
    assert "%0Aneeds: major" in lines[1]


def test_junit_counts_what_it_holds(broken: Path, capsys: Output) -> None:
    """The document can be read, and its counts are true."""
    text = _output(capsys, "junit")
    root = check_junit(text)
    with pytest.raises(XMLSchemaValidationError):
        check_junit(text.replace("<testcase ", "<testcase color='red' ", 1))
    cases = list(root.iter("testcase"))
    assert root.attrib["tests"] == str(len(cases)) == "3"
    assert root.attrib["failures"] == str(len(list(root.iter("failure")))) == "3"


def test_formats_take_diagnostics_of_any_command() -> None:
    """What another command found is shown by the same formats, odd characters included."""
    at = Position("a b,c:d.yaml", 3, 7, 2)
    found = of_diagnostic(Diagnostic("name-style", "100% <odd>\n\x00", at, "warning", 'write "x"'))
    groups = [Group("demo", "demo.yaml", [found]), Group("clean", "clean.yaml", [])]
    assert as_github(groups) == (
        '::warning file=a b%2Cc%3Ad.yaml,line=3,col=7,endColumn=9,title=name-style::100%25 <odd>%0A\x00%0Ahint: write "x"\n'
    )
    (annotation,) = check_annotations(as_github(groups))
    assert annotation["file"] == "a b,c:d.yaml"
    assert annotation["text"] == '100% <odd>\n\x00\nhint: write "x"'
    root = check_junit(as_junit(groups, "rpcgen lint"))
    assert [suite.attrib["tests"] for suite in root] == ["1", "1"]
    assert root.attrib["failures"] == "0"
    said = check_sarif(as_sarif(groups, "lint"))
    (result,) = said["runs"][0]["results"]
    assert (
        result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
        == "a%20b%2Cc%3Ad.yaml"
    )


@pytest.mark.parametrize("command", ["check", "lint"])
def test_mistakes_are_findings_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Output, command: str
) -> None:
    """A file that does not compile is told in formats that services read, not only to people."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "shop.yaml").write_text("rpcgen: 1\ninterface: town.shop\nversion: one\n")
    told: dict[str, str] = {}
    for form in ("text", "json", "github", "sarif", "junit"):
        assert run([command, "--format", form, "shop.yaml"]) == 2
        said = capsys.readouterr()
        assert said.err.startswith("shop.yaml:3:10: error[bad-version]")
        told[form] = said.out
    assert told["text"] == told["json"] == ""
    (annotation,) = check_annotations(told["github"])
    assert (annotation["file"], annotation["line"], annotation["title"]) == (
        *("shop.yaml", "3", "bad-version"),
    )
    (result,) = check_sarif(told["sarif"])["runs"][0]["results"]
    assert (result["ruleId"], result["level"]) == ("bad-version", "error")
    assert check_junit(told["junit"]).attrib["failures"] == "1"


@pytest.mark.parametrize("form", ["json", "github", "sarif", "junit"])
def test_how_to_start_is_told_beside_every_format(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Output, form: str
) -> None:
    """No format leaves it out that there was nothing to compare with."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "shop.yaml").write_text('rpcgen: 1\ninterface: town.shop\nversion: "1.0"\n')
    assert run(["check", "--format", form, "shop.yaml"]) == 0
    assert "`rpcgen release shop.yaml` keeps this version\n" in capsys.readouterr().err


_POSITIVE = {"type": "integer", "minimum": 1}
#: As docs/lint.md has it.
LINT = {
    "type": "object",
    "additionalProperties": False,
    "required": ["format", "passed", "errors", "warnings", "fixable", "findings"],
    "properties": {
        "format": {"const": 1},
        "passed": {"type": "boolean"},
        "errors": {"type": "integer"},
        "warnings": {"type": "integer"},
        "fixable": {"type": "integer"},
        "findings": {
            "type": "array",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": [
                    "rule", "severity", "file", "line", "column", "length", "message", "hint", "related",
                ],
                "properties": {
                    "rule": {"type": "string"},
                    "severity": {"enum": ["error", "warning"]},
                    "file": {"type": "string"},
                    **dict.fromkeys(("line", "column", "length"), _POSITIVE),
                    "message": {"type": "string"},
                    "hint": {"type": "string"},
                    "related": {
                        "type": "array",
                        "items": {
                            "type": "object",
                            "additionalProperties": False,
                            "required": ["file", "line", "column", "label"],
                            "properties": {
                                "file": {"type": "string"},
                                **dict.fromkeys(("line", "column"), _POSITIVE),
                                "label": {"type": "string"},
                            },
                        },
                    },
                },
            },
        },
    },
}  # fmt: skip


@pytest.fixture
def doubtful(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file with an error, warnings with other places, and something to mend; and one with nothing."""
    monkeypatch.chdir(tmp_path)
    head = 'rpcgen: 1\ninterface: a.{}\nversion: "1.0"\ndoc: A demo.\n'
    (tmp_path / "shop.yaml").write_text(
        head.format("b") + "types:\n  State: {open: true, enum: [no, UP, down-now]}\n"
        "methods:\n  goNow: {doc: Go., cast: any, args: {s: State}}\n"
    )
    (tmp_path / "fine.yaml").write_text(head.format("c") + "methods: {go: {doc: Go., cast: any}}\n")
    return tmp_path


def lint_as(form: str, capsys: Output) -> str:
    """What lint prints of both files in a format."""
    assert run(["lint", "--format", form, "shop.yaml", "fine.yaml"]) == 1
    said = capsys.readouterr()
    assert said.err == "1 error, 2 warnings, 1 can be mended with --fix\n"
    return said.out


@pytest.mark.usefixtures("doubtful")
def test_lint_as_json(capsys: Output) -> None:
    """It is what docs/lint.md describes."""
    found = json.loads(lint_as("json", capsys))
    Draft202012Validator(LINT).validate(found)
    assert (found["passed"], found["errors"], found["warnings"], found["fixable"]) == (
        False,
        1,
        2,
        1,
    )
    rules = [(each["rule"], each["line"]) for each in found["findings"]]
    assert rules == [("unquoted-text", 6), ("enum-style", 6), ("name-style", 8)]
    assert found["findings"][1]["related"][0]["label"] == "the first one"
    assert run(["lint", "--format", "json", "fine.yaml"]) == 0
    Draft202012Validator(LINT).validate(json.loads(capsys.readouterr().out))


@pytest.mark.usefixtures("doubtful")
def test_lint_as_sarif(capsys: Output) -> None:
    """Findings have their rule, their page and their place."""
    found = check_sarif(lint_as("sarif", capsys))
    (one,) = found["runs"]
    assert one["tool"]["driver"]["name"] == "rpcgen lint"
    assert sorted(each["ruleId"] for each in one["results"]) == [
        "enum-style",
        "name-style",
        "unquoted-text",
    ]
    pages = {each["id"]: each["help"]["text"] for each in one["tool"]["driver"]["rules"]}
    assert pages["name-style"].startswith("# name-style\n")


@pytest.mark.usefixtures("doubtful")
def test_lint_as_annotations(capsys: Output) -> None:
    """An error is an error, a warning a warning."""
    text = lint_as("github", capsys)
    assert len(check_annotations(text)) == 3
    lines = text.splitlines()
    assert sorted(line.partition(" ")[0] for line in lines) == ["::error", "::warning", "::warning"]
    assert all("file=shop.yaml,line=" in line for line in lines)


@pytest.mark.usefixtures("doubtful")
def test_lint_as_junit(capsys: Output) -> None:
    """There is a suite for each file, and an error is a failure."""
    root = check_junit(lint_as("junit", capsys))
    suites = {each.get("name"): each for each in root.findall("testsuite")}
    assert {name: each.get("failures") for name, each in suites.items()} == {
        "shop.yaml": "1",
        "fine.yaml": "0",
    }
    assert len(root.findall(".//failure")) == 1
