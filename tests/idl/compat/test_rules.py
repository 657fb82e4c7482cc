"""Every rule has a page that is true, and cases for each of its directions."""

from __future__ import annotations

import re

import pytest
from rpcgen.idl.compat import check, compare, page_of, rule_ids, rule_named

from tests.idl.compat.cases import (
    case_folders,
    history_folders,
    interface_of,
    run_case,
    run_history,
)

_SECTION = re.compile(r"^## (Before|After|Instead)\n\n(.*?)(?=^## |\Z)", re.S | re.M)
_BLOCK = re.compile(r"^```yaml\n(.*?)^```$", re.S | re.M)

#: Rules about what no page can hold; tests of the command see to them.
NO_EXAMPLE = {
    "history-rewritten",
    "interface-removed",
    "kept-message-broken",
    "waiver-expired",
    "waiver-unused",
}


def _blocks(name: str) -> dict[str, list[str]]:
    sections = _SECTION.findall(page_of(name) or "")
    return {kind: blocks for kind, text in sections if (blocks := _BLOCK.findall(text))}


def _is_of_version(name: str) -> bool:
    """Whether a rule judges the version in a file, so that its examples say theirs."""
    return any(block.startswith("version:") for block in _blocks(name).get("After", ()))


PAIRS = [name for name in rule_ids() if not _is_of_version(name) and name not in NO_EXAMPLE]
VERSIONS = [name for name in rule_ids() if _is_of_version(name)]


@pytest.mark.parametrize("name", rule_ids())
def test_a_rule_is_called_like_its_file(name: str) -> None:
    """The axes of a rule are its name."""
    assert rule_named(name).id == name


@pytest.mark.parametrize("name", PAIRS)
def test_the_example_of_a_page_is_found_by_its_rule(name: str) -> None:
    """What a page shows breaks its rule, and what it advises costs less."""
    blocks = _blocks(name)
    before = interface_of(blocks["Before"][0], "1.3")
    broken = compare(before, interface_of(blocks["After"][0], "1.4"))
    assert name in {finding.rule for finding in broken.findings}
    if "Instead" in blocks:
        better = compare(before, interface_of(blocks["Instead"][0], "1.4"))
        errors = [len([f for f in each.findings if f.severity]) for each in (broken, better)]
        assert (better.verdict, errors[1]) < (broken.verdict, errors[0])


@pytest.mark.parametrize("name", VERSIONS)
def test_the_example_of_a_version_is_found_by_its_rule(name: str) -> None:
    """What a page shows of releases and a file breaks its rule, and what it advises passes."""
    blocks = _blocks(name)
    releases = {one.version: one for one in map(interface_of, blocks["Before"])}
    broken = check(interface_of(blocks["After"][0]), releases)
    assert name in {finding.rule for finding in broken.findings}
    better = check(interface_of(blocks["Instead"][0]), releases)
    assert name not in {finding.rule for finding in better.findings}
    assert not better.failed or name == "bump-too-small"


@pytest.mark.parametrize("name", rule_ids())
def test_a_page_is_complete(name: str) -> None:
    """A page says what, why, and shows it; what costs a major says what to do instead."""
    page = page_of(name) or ""
    assert page.startswith(f"# {name}\n\n")
    shown = "".join(_BLOCK.findall(page))
    assert page.count("```") == 2 * len(_BLOCK.findall(page)), shown
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
    found = [finding for folder in case_folders() for finding in run_case(folder).findings]
    found += [finding for folder in history_folders() for finding in run_history(folder).findings]
    for finding in found:
        shown |= {
            (finding.rule, finding.change.direction if finding.change else ""),
            (finding.rule, ""),
        }
    named = set(rule_ids()) - NO_EXAMPLE
    expected = {(name, way) for name in named for way in _directions(name)}
    assert expected - shown == set()


#: Subjects that are parts of payloads: a rule for both directions has a case for each.
_IN_PAYLOADS = ("field", "default", "presence", "constant", "type", "enum-value")


def _directions(name: str) -> tuple[str, ...]:
    rule = rule_named(name)
    if rule.direction:
        return (rule.direction,)
    if name == "type-renamed" or rule.subject not in _IN_PAYLOADS:
        return ("",)
    return ("request", "result")
