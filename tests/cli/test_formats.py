"""What `rpcgen check` and `rpcgen lint` print for other programs is what their schemas say."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest
from jsonschema import Draft202012Validator
from rpcgen.cli._formats.entry import Group, of_diagnostic
from rpcgen.cli._formats.github import as_github
from rpcgen.cli._formats.junit import as_junit
from rpcgen.cli._formats.sarif import as_sarif
from rpcgen.cli.main import run
from rpcgen.idl import Diagnostic, Position

from tests.cli.test_check import BROKEN, FIRST

Output = pytest.CaptureFixture[str]

#: The parts of SARIF 2.1.0 that are used here, as its specification has them: sections 3.13 to 3.35.
_TEXT = {
    "type": "object",
    "required": ["text"],
    "properties": {"text": {"type": "string"}, "markdown": {"type": "string"}},
    "additionalProperties": False,
}
_POSITIVE = {"type": "integer", "minimum": 1}
SARIF = {
    "type": "object",
    "required": ["version", "runs"],
    "additionalProperties": False,
    "properties": {
        "$schema": {"type": "string", "format": "uri"},
        "version": {"const": "2.1.0"},
        "runs": {"type": "array", "items": {"$ref": "#/$defs/run"}},
    },
    "$defs": {
        "run": {
            "type": "object",
            "required": ["tool"],
            "additionalProperties": False,
            "properties": {
                "tool": {
                    "type": "object",
                    "required": ["driver"],
                    "additionalProperties": False,
                    "properties": {"driver": {"$ref": "#/$defs/driver"}},
                },
                "columnKind": {"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
                "results": {"type": "array", "items": {"$ref": "#/$defs/result"}},
            },
        },
        "driver": {
            "type": "object",
            "required": ["name"],
            "additionalProperties": False,
            "properties": {
                "name": {"type": "string"},
                "version": {"type": "string"},
                "rules": {
                    "type": "array",
                    "uniqueItems": True,
                    "items": {
                        "type": "object",
                        "required": ["id"],
                        "additionalProperties": False,
                        "properties": {
                            "id": {"type": "string"},
                            "shortDescription": _TEXT,
                            "help": _TEXT,
                        },
                    },
                },
            },
        },
        "result": {
            "type": "object",
            "required": ["message"],
            "additionalProperties": False,
            "properties": {
                "ruleId": {"type": "string"},
                "ruleIndex": {"type": "integer", "minimum": -1},
                "level": {"enum": ["none", "note", "warning", "error"]},
                "message": _TEXT,
                "locations": {
                    "type": "array",
                    "uniqueItems": True,
                    "items": {"$ref": "#/$defs/location"},
                },
                "partialFingerprints": {
                    "type": "object",
                    "additionalProperties": {"type": "string"},
                },
                "suppressions": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "required": ["kind"],
                        "additionalProperties": False,
                        "properties": {
                            "kind": {"enum": ["inSource", "external"]},
                            "justification": {"type": "string"},
                        },
                    },
                },
                "properties": {"type": "object"},
            },
        },
        "location": {
            "type": "object",
            "additionalProperties": False,
            "properties": {
                "physicalLocation": {
                    "type": "object",
                    "required": ["artifactLocation"],
                    "additionalProperties": False,
                    "properties": {
                        "artifactLocation": {
                            "type": "object",
                            "required": ["uri"],
                            "additionalProperties": False,
                            "properties": {"uri": {"type": "string", "format": "uri-reference"}},
                        },
                        "region": {
                            "type": "object",
                            "additionalProperties": False,
                            "properties": dict.fromkeys(
                                ("startLine", "startColumn", "endColumn"), _POSITIVE
                            ),
                        },
                    },
                }
            },
        },
    },
}


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
    Draft202012Validator.check_schema(SARIF)
    said = json.loads(_output(capsys, "sarif"))
    Draft202012Validator(SARIF).validate(said)
    (ran,) = said["runs"]
    rules = [rule["id"] for rule in ran["tool"]["driver"]["rules"]]
    assert [rules[each["ruleIndex"]] for each in ran["results"]] == [
        each["ruleId"] for each in ran["results"]
    ]
    assert {each["level"] for each in ran["results"]} == {"error"}
    said["runs"][0]["results"][0]["level"] = "bad"
    assert not Draft202012Validator(SARIF).is_valid(said)


def test_github_annotations(broken: Path, capsys: Output) -> None:
    """One command a line, with the place; what would break a line is escaped."""
    lines = _output(capsys, "github").splitlines()
    assert len(lines) == 3
    assert lines[1].startswith(
        "::error file=shop.yaml,line=5,col=32,endColumn=38,title=result-enum-value-added::the closed enum"
    )
    assert "%0Aneeds: major" in lines[1]


def test_junit_counts_what_it_holds(broken: Path, capsys: Output) -> None:
    """The document can be read, and its counts are true."""
    root = ElementTree.fromstring(_output(capsys, "junit"))
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
    root = ElementTree.fromstring(as_junit(groups, "rpcgen lint"))
    assert [suite.attrib["tests"] for suite in root] == ["1", "1"]
    assert root.attrib["failures"] == "0"
    said = json.loads(as_sarif(groups, "lint"))
    Draft202012Validator(SARIF).validate(said)
    (result,) = said["runs"][0]["results"]
    assert (
        result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
        == "a%20b%2Cc%3Ad.yaml"
    )


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
    found = json.loads(lint_as("sarif", capsys))
    Draft202012Validator(SARIF).validate(found)
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
    lines = lint_as("github", capsys).splitlines()
    assert sorted(line.partition(" ")[0] for line in lines) == ["::error", "::warning", "::warning"]
    assert all("file=shop.yaml,line=" in line for line in lines)


@pytest.mark.usefixtures("doubtful")
def test_lint_as_junit(capsys: Output) -> None:
    """There is a suite for each file, and an error is a failure."""
    root = ElementTree.fromstring(lint_as("junit", capsys))
    suites = {each.get("name"): each for each in root.findall("testsuite")}
    assert {name: each.get("failures") for name, each in suites.items()} == {
        "shop.yaml": "1",
        "fine.yaml": "0",
    }
    assert len(root.findall(".//failure")) == 1
