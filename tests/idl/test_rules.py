"""Every rule has a page and a case, and its page is true."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
import rpcgen.idl.report
from rpcgen.codegen import resolve
from rpcgen.idl import load, render
from rpcgen.idl.rules import language_rules, nearest_rule, rule_page

from tests.idl.cases import CASES, write_example

#: Rules about what no folder of texts can hold, which attacks/ sees to.
NEED_MORE = {
    "file-not-regular",
    "file-not-utf8",
    "file-too-large",
    "file-unreadable",
    "import-too-many",
    "too-many-fields",
}

#: Rules about several files, and of the generator, which tests/cli and tests/codegen have cases for.
ELSEWHERE = {"interface-clash", "package-clash", "python-name-clash"}

_CODE = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)+")
_BLOCK = re.compile(r"^## (Refused|Accepted)\n\n```yaml\n(.*?)^```$", re.S | re.M)


def emitted() -> set[str]:
    """Return the codes that the sources can emit: first arguments, or whole constants, that look like one.

    Rules of lint and of compat are files; tests/idl/lint and tests/idl/compat see to them.
    """
    found: set[str] = set()
    package = Path(rpcgen.idl.report.__file__).parent
    for path in package.rglob("*.py"):
        if path.relative_to(package).parts[0] in ("lint", "compat"):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if (
                isinstance(node, ast.Constant)
                and isinstance(node.value, str)
                and _CODE.fullmatch(node.value)
            ):
                found.add(node.value)
    return found - {"utf-8", "demo-api"}


def test_every_emitted_code_has_a_page_and_every_page_is_emitted() -> None:
    """Nobody meets a rule that `rpcgen explain` does not know."""
    assert emitted() | ELSEWHERE == set(language_rules())


def test_every_rule_has_a_case() -> None:
    """A case folder shows the rule's message, as recorded."""
    shown = "".join(path.read_text(encoding="utf-8") for path in CASES.glob("*/expected.err"))
    elsewhere = NEED_MORE | ELSEWHERE
    missing = [
        code for code in language_rules() if f"[{code}]" not in shown and code not in elsewhere
    ]
    assert missing == []


@pytest.mark.parametrize("code", language_rules())
def test_examples_of_pages_are_true(code: str, tmp_path: Path) -> None:
    """What a page says is refused is refused by that rule, and what it says is accepted has no mistake."""
    page = rule_page(code)
    assert page is not None
    assert page.startswith(f"# {code}\n\n")
    for number, (kind, block) in enumerate(_BLOCK.findall(page)):
        loaded = load(write_example(block, tmp_path / str(number)))
        assert loaded.draft is not None or kind == "Refused"
        clashes = resolve(loaded.draft).clashes if loaded.draft is not None else []
        found = {diagnostic.rule for diagnostic in (*loaded.diagnostics, *clashes)}
        text = render(loaded.diagnostics, loaded.sources)
        assert code in found if kind == "Refused" else not found, text
    assert "```" not in _BLOCK.sub("", page)


def test_unknown_rules_have_no_page_but_a_neighbour() -> None:
    """A misspelt code leads to the right one."""
    assert rule_page("unknown-tpye") is None
    assert nearest_rule("unknown-tpye") == "unknown-type"
    assert rule_page("../rules/unknown-type") is None
