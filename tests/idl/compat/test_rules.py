"""Every rule has a page that is true, and cases for each of its directions."""

from __future__ import annotations

import re

import pytest
from rpcgen.idl.compat import compare, page_of, rule_ids, rule_named

from tests.idl.compat.cases import case_folders, interface_of, run_case

_BLOCK = re.compile(
    r"^## (Before|After|Instead)\n\n(?:[^#`]*\n\n)?```yaml\n(.*?)^```$", re.S | re.M
)

#: Rules about versions, which tests of the discipline have cases for.
DISCIPLINE = frozenset[str]()


def _blocks(name: str) -> dict[str, str]:
    return dict(_BLOCK.findall(page_of(name) or ""))


@pytest.mark.parametrize("name", rule_ids())
def test_a_rule_is_called_like_its_file(name: str) -> None:
    """The axes of a rule are its name."""
    assert rule_named(name).id == name


@pytest.mark.parametrize("name", sorted(set(rule_ids()) - DISCIPLINE))
def test_the_example_of_a_page_is_found_by_its_rule(name: str) -> None:
    """What a page shows breaks its rule, and what it advises costs less."""
    blocks = _blocks(name)
    before = interface_of(blocks["Before"], "1.3")
    broken = compare(before, interface_of(blocks["After"], "1.4"))
    assert name in {finding.rule for finding in broken.findings}
    if "Instead" in blocks:
        better = compare(before, interface_of(blocks["Instead"], "1.4"))
        errors = [len([f for f in each.findings if f.severity]) for each in (broken, better)]
        assert (better.verdict, errors[1]) < (broken.verdict, errors[0])


@pytest.mark.parametrize("name", rule_ids())
def test_a_page_is_complete(name: str) -> None:
    """A page says what, why, and shows it; what costs a major says what to do instead."""
    page = page_of(name) or ""
    assert page.startswith(f"# {name}\n\n")
    assert "```" not in _BLOCK.sub("", page)
    prose = page.partition("## ")[0].split("\n\n")
    assert len([part for part in prose if part.strip()]) >= 3
    if "MAJOR" in _source(name):
        assert "## Instead" in page


def _source(name: str) -> str:
    judge = rule_named(name).judge
    return " ".join(judge.__code__.co_names)


def test_every_rule_has_a_case_in_every_direction() -> None:
    """Whoever changes a verdict sees a case change."""
    shown: set[tuple[str, str]] = set()
    for folder in case_folders():
        for finding in run_case(folder).findings:
            shown.add((finding.rule, finding.change.direction if finding.change else ""))
    expected = {(name, way) for name in rule_ids() for way in _directions(name)}
    assert expected - shown == set()


#: Subjects that are parts of payloads: a rule for both directions has a case for each.
_IN_PAYLOADS = ("field", "default", "presence", "constant", "type", "enum-value")


def _directions(name: str) -> tuple[str, ...]:
    rule = rule_named(name)
    if rule.direction:
        return (rule.direction,)
    if name == "type-renamed" or rule.subject not in _IN_PAYLOADS:
        return ()
    return ("request", "result")
