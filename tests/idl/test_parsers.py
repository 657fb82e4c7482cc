"""libyaml and PyYAML's own parser give the same trees and the same errors."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rpcgen.idl import render
from rpcgen.idl.report import Report
from rpcgen.idl.yamltext.compose import PARSERS, compose
from rpcgen.idl.yamltext.nodes import Mapping, Node, Sequence, Text

from tests.idl.cases import case_folders

pytestmark = pytest.mark.skipif("c" not in PARSERS, reason="PyYAML was built without libyaml")

TEXTS = [
    "{a: int?}", "{a: b?c}", "{a: string? = null since 6.2, b: int?}", "{a?: b}", "[a?]", "{a: ?b}", "[?a]",
    "{?}", "{? a : b}", "{a: b?, ?c : d}", "{a: list[string]}", "{a: list[string]? = []}", "{list[string]: a}",
    "a: map[string, any]? = {}", "x: {y: map[string, list[A]]}", "{a:b}", '{"a":b}', "{a: b:c}", "{a: b: c}",
    "{a: b:}", "{a: b:]}", "[a:,b]", "a: x: y", "a:\t1", "a: 1\t", "a: 1\t# c", "{a:\t1}", "{\ta: 1}", "\ta: 1",
    "a:\n\t- b", "a: b\tc", "a: b\n\tc", "a:\n  b\n\tc", "-\ta", "- a\n-\tb", "a: |\n\tx", "a: |\n  x\n\ty\n",
    'a: "b\n\tc"', "a: 'b\n  c'", 'a: "\\t\\x41\\u00e9\\U0001F600"', 'a: "\\ud800"', 'a: "\\uD83D\\uDE00"',
    'a: "\\q"', 'a: "\\x4"', "a: \ufeff1", "\ufeffa: 1", "a: @x", "a: `x", "a: %x", "{a: %x}", "a: &x 1", "a: *x",
    "a: !t x", "a: !!str x", "%YAML 1.2\n---\na: 1", "%YAML 3.0\n---\na: 1", "%FOO\n---\na: 1", "---\na: 1\n---\nb: 2",
    "a: 1\n...\nb: 2", "a: 1\n...\n", "--- a", "--- |\n a", "a: - b", "{a: - b}", "[- a]", "[-]", "{a: -}", "a: -",
    "[a, b: c]", "[a, b", "{a, b: c}", "{a: 1,}", "{a: 1,,}", "[,]", "{: a}", "{a: }", "{a: }\n", "a:\n- b\n- \n",
    "- a\n- ? x", "? a\n: b", "? [a]\n: b", "[a]: b", "a: >\n x\n y\n\n z\n", "a: |2\n   x\n", "a: |-\n x\n\n", "a: |+\n x\n\n",
    "a: 'it''s'", "a: \"b", "a: 'b", "a: b\n c: d", "a:\n  b: 1\n c: 2", "  a: 1\nb: 2", "a: b\n  - c", "a\nb", "a b: c\n",
    "a: \x85b", "a: b\u2028c", "a: b\r\nc: d\r\n", "a: b\rc: d", "a:   b   #c", "a: b#c", "a: #c\n  b", "# c\na: 1 # d",
    "a: [x, # c\n y]", "a: [?, b]", "a: [? b, c]", "{a: ?}", "{a: ? }", "a: ?", "? ", ": a", "a: :b", "a: b:", "[:a]", "[a: ]",
    "<<: {a: 1}", "a: <<", "a: |\n", "a: ''", 'a: ""', "''", "'a': 1\n'b' : 2", "a: b\n---\n", "...", "---", "", " ", "\n#\n",
    "a: - - b", "- - a\n  - b\n- c", "-\n  - a", "a:\n- b\nc: d", "a: {b: [c, {d: e}]}", "a: \"b\" c", "a: [b] c", "a: {b: c} d",
    "a: " + "x" * 1200 + ": b", "? " + "x" * 1200 + "\n: b", "[" * 70, "- " * 70, "{a: " * 70, "a: [b\nc]", "a: [b\n c]", "a: {b\n: c}",
    "a: 'b\n\n c'", 'a: "b\\\n  c"', "a: b\n\n\n c", "a: b \n  c", "é: ü", "漢字: [かな]", "a: \U0001f600 # x\nb: 1",
]  # fmt: skip


def outcome(text: str, parser: str) -> tuple[object, str]:
    """Return the tree with all its places, and the rendered mistakes."""
    report = Report()
    node = compose(text, "f", report, parser=parser)
    return (shown(node) if node is not None else None), render(
        report.diagnostics(["f"]), {"f": text}
    )


def shown(node: Node) -> object:
    """Return a tree as plain data, places included."""
    match node:
        case Text():
            return (node.value, node.plain, str(node.at), node.at.length, node.first_column)
        case Sequence():
            return [str(node.at), *(shown(item) for item in node.items)]
        case Mapping():
            return {"": str(node.at)} | {
                key: (shown(entry.key), shown(entry.value)) for key, entry in node.entries.items()
            }


@pytest.mark.parametrize("text", TEXTS)
def test_both_parsers_agree(text: str) -> None:
    """On every odd text: trees, places and errors."""
    assert outcome(text, "c") == outcome(text, "pure")


@pytest.mark.parametrize("folder", case_folders(), ids=lambda folder: folder.name)
def test_both_parsers_agree_on_the_cases(folder: object) -> None:
    """On every case of the language."""
    text = (folder / "input.yaml").read_text(encoding="utf-8")  # type: ignore[operator]
    assert outcome(text, "c") == outcome(text, "pure")


_PIECES = st.sampled_from(
    ["a", "b", "int?", "list[string]", " ", "  ", "\n", "\n  ", "\n- ", ": ", ":", "?", "? ", "- ", ",", ", ", "{", "}", "[", "]", "#", " #", "'", '"', "\\n", "|\n ", "\t", "!", "---\n", "=", "null", "é"]
)  # fmt: skip


@settings(max_examples=400, suppress_health_check=list(HealthCheck))
@given(st.lists(_PIECES, max_size=14).map("".join))
def test_both_parsers_agree_on_anything(text: str) -> None:
    """On texts put together at random: the same trees, and the same texts refused."""
    (tree, errors), (pure_tree, pure_errors) = outcome(text, "c"), outcome(text, "pure")
    assert bool(errors) == bool(pure_errors)
    assert errors or tree == pure_tree
