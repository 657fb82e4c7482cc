"""What `rpcgen check` prints for other programs is what their schemas say."""

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
