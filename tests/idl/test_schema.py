"""The editor's schema and the compiler's structural pass agree, and both come from one table."""

from __future__ import annotations

import re
from typing import Any

import jsonschema
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rpcgen.idl.grammar import FILE
from rpcgen.idl.report import Report
from rpcgen.idl.schema import json_schema
from rpcgen.idl.structure import check_structure
from rpcgen.idl.yamltext.compose import compose

from tests.idl.cases import CASES, PREAMBLE, case_folders

STRUCTURAL = {"unknown-key", "missing-key", "wrong-kind", "unknown-value"}
VALIDATOR = jsonschema.Draft202012Validator(json_schema())
GOOD = [folder for folder in case_folders() if not (folder / "expected.err").exists()]


def as_editor(text: str) -> Any:
    """Return a text as an editor reads it: with YAML 1.2's own types. Dates stay text there."""
    return yaml.load(text, Loader=_EditorLoader)


class _EditorLoader(yaml.CSafeLoader):
    """YAML 1.2's core types: true and false, numbers, null."""


_EditorLoader.yaml_implicit_resolvers = {
    first: [
        (tag, pattern)
        for tag, pattern in resolvers
        if tag.rpartition(":")[2] in {"int", "float", "null"}
    ]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_EditorLoader.add_implicit_resolver(
    "tag:yaml.org,2002:bool", re.compile("^(true|false)$"), list("tf")
)


def structural_mistakes(text: str) -> list[str]:
    """Return what the compiler's structural pass says."""
    report = Report()
    tree = compose(text, "f", report, parser="pure" if "?" in text else None)
    if tree is None:
        return ["unreadable"]
    check_structure(tree, FILE, report)
    return [d.message for d in report.diagnostics(["f"]) if d.rule in STRUCTURAL]


def test_the_schema_is_valid_and_says_what_things_are() -> None:
    """It is a draft 2020-12 schema without anyOf and oneOf, and each definition has a description."""
    schema = json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    text = str(schema)
    assert "anyOf" not in text
    assert "oneOf" not in text
    assert all(definition["description"] for definition in schema["$defs"].values())
    assert json_schema() is not schema


@pytest.mark.parametrize("folder", GOOD, ids=lambda folder: folder.name)
def test_good_files_fit_the_schema(folder: Any) -> None:
    """An editor shows no squiggles in a file that compiles."""
    for path in folder.glob("*.yaml"):
        text = path.read_text(encoding="utf-8")
        assert [error.message for error in VALIDATOR.iter_errors(as_editor(text))] == []


MISTAKES = [
    ("methods: {a: {cal: any}}", "cal"),
    ("methods: {a: {args: {x: int}}}", "'call' is a required property"),
    ("methods: [a]", "is not of type"),
    ("methods: {a: {call: any, idempotent: perhaps}}", "is not one of [True, False]"),
    ("types: {A: {enm: [a]}}", "'type' is a required property"),
    ("types: {A: {enum: [a], fields: {}}}", "fields"),
    ("types: {A: {fields: {x: {tpye: int}}}}", "tpye"),
    ("types: {A: {union: [a]}}", "is not of type"),
    ("events: {e: {payload: A, priority: loud}}", "is not one of"),
    ("events: {e: {priority: info}}", "'payload' is a required property"),
    ("target: {topc: x}", "topc"),
    ("nmespace: x", "nmespace"),
    ("send: sometimes", "is not one of"),
    ("methods: {1a: {call: any}}", "does not match"),
]


@pytest.mark.parametrize(("text", "said"), MISTAKES)
def test_mistakes_of_structure_say_their_cause(text: str, said: str) -> None:
    """Each is refused by both, and the editor's message names the key or the kind."""
    whole = PREAMBLE + text
    messages = [error.message for error in VALIDATOR.iter_errors(as_editor(whole))]
    assert any(said in message for message in messages), messages
    if "1a" not in text:
        assert structural_mistakes(whole)


_KEYS = st.sampled_from(
    [
        "doc",
        "since",
        "until",
        "deprecated",
        "type",
        "default",
        "constant",
        "older",
        "send",
        "was",
        "was_type",
        "envelope",
        "version",
        "constants",
        "1.2",
        "demo.api",
        "presence",
        "examples",
        "min",
        "size",
        "pattern",
        "unique",
        "fields",
        "extends",
        "enum",
        "open",
        "fallback",
        "union",
        "opaque",
        "attributes",
        "retryable",
        "wire",
        "call",
        "cast",
        "args",
        "returns",
        "raises",
        "to",
        "timeout",
        "idempotent",
        "topic",
        "router",
        "payload",
        "priority",
        "exchange",
        "also",
        "name",
        "route",
        "error",
        "value",
        "use",
        "a",
        "B",
    ]
)
_SCALARS = st.sampled_from(
    ["x", True, "any", "server", "info", "always", "drop", "int", "explicit"]
)
_VALUES = st.recursive(
    _SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=2), st.dictionaries(_KEYS, inner, max_size=4)),
    max_leaves=6,
)
_SECTIONS = st.dictionaries(
    st.sampled_from(
        [
            "types",
            "errors",
            "methods",
            "events",
            "target",
            "releases",
            "imports",
            "namespace",
            "send",
            "doc",
            "refused_as",
            "serves",
        ]
    ),
    st.one_of(_VALUES, st.dictionaries(st.sampled_from(["Aa", "Bb"]), _VALUES, max_size=2)),
    max_size=4,
)


@settings(max_examples=300, suppress_health_check=list(HealthCheck))
@given(_SECTIONS)
def test_schema_and_compiler_agree_on_structure(sections: dict[str, Any]) -> None:
    """What one of the two readings of the table accepts, the other accepts.

    Patterns of texts and of keys are left to the compiler's later passes, so here they do not count.
    """
    data = {"rpcgen": 1, "interface": "demo.api", "version": "1.4", **sections}
    errors = [e for e in VALIDATOR.iter_errors(data) if _leaves(e)]
    mistakes = structural_mistakes(yaml.safe_dump(data, sort_keys=False))
    assert bool(errors) == bool(mistakes), (data, [e.message for e in errors], mistakes)


def _leaves(error: jsonschema.ValidationError) -> bool:
    """Say whether the structure is at fault. A text may look like a number or a flag: the compiler reads raw text."""
    if error.validator == "type" and isinstance(error.instance, bool):
        return "string" not in str(error.validator_value)
    return error.validator not in {"pattern", "propertyNames"}


def test_every_case_folder_counts() -> None:
    """The good cases are found."""
    assert len(GOOD) >= 5
    assert CASES.exists()
