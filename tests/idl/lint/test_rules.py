"""Every lint rule has a page that is true and a case that comes out as recorded."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from rpcgen.idl import load
from rpcgen.idl.canonical import fingerprint
from rpcgen.idl.compat import registry as changes
from rpcgen.idl.lint.rule import CATEGORIES, chosen, rule, rule_ids
from rpcgen.idl.rules import language_rules, rule_page, rules

from tests.idl.cases import write_example
from tests.idl.lint.cases import CASES, case_folders, linted_of, run_case

_BLOCK = re.compile(r"^## (Found|Fine)\n\n```yaml\n(.*?)^```$", re.S | re.M)


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.exists() else ""


def test_every_rule_has_a_case_and_every_case_a_rule() -> None:
    """A folder is named for its rule."""
    assert {folder.name for folder in CASES.iterdir()} == set(rule_ids())


@pytest.mark.parametrize("folder", case_folders(), ids=lambda folder: folder.name)
def test_case_comes_out_as_expected(folder: Path) -> None:
    """Findings are worded, placed and ordered as recorded; there are some, and not all of the file is one."""
    outcome = run_case(folder)
    assert _text(folder / "expected.txt") == outcome.told
    assert _text(folder / "fixed.yaml") == outcome.fixed
    assert f"[{folder.name}]" in outcome.told


@pytest.mark.parametrize(
    "folder", [f for f in case_folders() if (f / "fixed.yaml").exists()], ids=lambda f: f.name
)
def test_a_mended_case_means_the_same_and_has_nothing_to_mend(folder: Path, tmp_path: Path) -> None:
    """What --fix writes has the same fingerprint, and a second run would write nothing."""
    (tmp_path / "input.yaml").write_bytes((folder / "fixed.yaml").read_bytes())
    for library in folder.glob("common*.yaml"):
        (tmp_path / library.name).write_bytes(library.read_bytes())
    before, after = load(folder / "input.yaml"), load(tmp_path / "input.yaml")
    assert before.interface is not None
    assert after.interface is not None
    assert fingerprint(before.interface) == fingerprint(after.interface)
    assert linted_of(after, [rule(folder.name)]).edits == ()


@pytest.mark.parametrize("id_", rule_ids())
def test_examples_of_pages_are_true(id_: str, tmp_path: Path) -> None:
    """What a page says is found is found by that rule, and what it says is fine is not; both compile."""
    page = rule_page(id_)
    assert page is not None
    assert page.startswith(f"# {id_}\n\n")
    blocks = _BLOCK.findall(page)
    assert [kind for kind, _ in blocks] == ["Found", "Fine"]
    assert "```" not in _BLOCK.sub("", page)
    rules_run = [rule(id_)]
    if id_ == "unused-ignore":
        rules_run.append(rule("call-without-timeout"))
    for kind, block in blocks:
        loaded = load(write_example(block, tmp_path / kind))
        found = {each.rule for each in linted_of(loaded, rules_run).diagnostics}
        assert found == ({id_} if kind == "Found" else set())


def test_no_rule_repeats_one_of_the_compiler() -> None:
    """All kinds of rules share the pages of `rpcgen explain`, so their ids differ."""
    kinds = [*rule_ids(), *language_rules(), *changes.rule_ids()]
    assert len(kinds) == len(set(kinds))
    assert set(rules()) == set(kinds)


@pytest.mark.parametrize("id_", rule_ids())
def test_a_rule_says_what_it_is(id_: str) -> None:
    """Its category and severity are known ones, and its page begins with one sentence."""
    found = rule(id_)
    assert found.category in CATEGORIES
    assert found.severity in {"error", "warning"}
    assert found.page.partition("\n")[0].endswith(".")
    assert found.page.splitlines()[1] == ""


def test_categories_hold_those_before_them() -> None:
    """`select` adds a rule of a later category, and `ignore` goes before it."""
    minimal, standard, strict = ({each.id for each in chosen(category)} for category in CATEGORIES)
    assert minimal < standard < strict == set(rule_ids())
    assert {each.id for each in chosen("minimal", ["any-used"])} == minimal | {"any-used"}
    assert {each.id for each in chosen("strict", ["any-used"], ["any-used"])} == strict - {
        "any-used"
    }
