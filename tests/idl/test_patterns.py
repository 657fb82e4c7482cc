"""Patterns that could run for long are refused, and those that people use are not."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rpcgen.idl.patterns import PatternChecker
from rpcgen.idl.position import Position
from rpcgen.idl.report import Report
from rpcgen.idl.yamltext.nodes import Text

GOOD = [
    "", "^$", "foo", "[a-z]+", "^.*foo", r"^\S+$", r"^[\w.-]+$", r"^(GET|GETALL|POST)$", "(?i)^[a-f]+-[g-z]+$",
    "^([0-9a-f]{2}:){5}[0-9a-f]{2}$",
    "^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$",
    r"^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(?:-((?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*)(?:\.(?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*))*))?(?:\+([0-9a-zA-Z-]+(?:\.[0-9a-zA-Z-]+)*))?$",
    "^[a-z0-9]+(-[a-z0-9]+)*$", "^[a-z]{2,3}[a-z0-9]{1,8}$", r"^(\d{1,3}\.){3}\d{1,3}$", "^[A-Za-z0-9+/]*={0,2}$",
    "^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$", r"^[^@\s]+@[^@\s.]+(\.[^@\s.]+)+$",
    r"^https?://[^\s/]+(/[^\s]*)?$", "^[0-9a-f]{128}$", r"^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2})?Z)?$", "^(ab|ac)*$",
    r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$", r"^[a-zA-Z_]\w*(\.[a-zA-Z_]\w*)*$",
    r"^-?\d+(\.\d+)?$", "^req-[0-9a-f]+$", r"^(?:[0-9]{1,3}\.){3}[0-9]{1,3}(?:/[0-9]{1,2})?$", "^/dev/[a-z]+[0-9]*$",
    "^(/[^/]+)+/?$", "^[a-z]+(, [a-z]+)*$", r"^\d+(,\d+)*$", "^([01][0-9]|2[0-3]):[0-5][0-9]$", "^(é|ü)*x$",
]  # fmt: skip
SLOW = [
    "^(a+)+$", "^(a*)*$", "^(a|a)*$", "^(a|aa)+$", "^(a?){20}a{20}$", "^a*a*a*$", "^(.*a){12}$", "^([a-zA-Z]+)*$",
    "(x+x+)+y", r"^(\w+\s?)*$", "a(?=b)", "a(?!b)", "(?<=a)b", r"(a)\1", "(?P<x>a)(?P=x)", "(a)?(?(1)b|c)", "[a-z]+x", r"\s+$",
    r"^.*@.*\..*$", "^(a|b|ab)*$", "^(?:a(?:|))*b$", "^(?:a(?:b?)?)*$", "^((a{0,100}){0,100}){0,100}$",
    "^(([a-z])+.)+[A-Z]([a-z])+$", "^" + "(a|ab)(c|bcd)" * 15 + "(d*)$", "^" + "a?" * 30 + "a" * 30, "^(a{1,30}){1,30}$", "^(a+)?(a+)?b",
    "(?m)^a+b", r"^\d+\d+$", "^(.+)+$", "^(x*y*)*$", r"^(\d+|\w+)*$", "(?i)^(k+|\u212a+)*$", "^(a+a?)+$", "^([^,]*,?)*$",
    r"^[^@\s]+@[^@\s]+\.[^@\s]+$", "^(a|[^b])*$", r"^(\d|\d\d)+x$",
]  # fmt: skip
BAD = [
    "(",
    "[a",
    "a{99999999999999}",
    "[[a]",
    "(?P<",
    "a**",
    "x" * 1_001,
    "(" * 400 + ")" * 400,
    r"\8",
    "(?L)a",
    "(?q)",
    r"\Z\q",
]


def rule_of(pattern: str) -> str:
    """Return the rule that refuses a pattern, or nothing."""
    report = Report()
    accepted = PatternChecker().check(Text(pattern, Position("f", 1, 1)), report)
    found = report.diagnostics(["f"])
    assert accepted == (not found)
    return found[0].rule if found else ""


@pytest.mark.parametrize("pattern", GOOD)
def test_patterns_of_practice_are_accepted(pattern: str) -> None:
    """Also where they repeat, as long as what repeats is told apart from what follows."""
    assert rule_of(pattern) == ""


@pytest.mark.parametrize("pattern", SLOW)
def test_patterns_that_may_backtrack_are_refused(pattern: str) -> None:
    """Exponentially, polynomially, or by means that cannot be judged."""
    assert rule_of(pattern) == "slow-pattern"


@pytest.mark.parametrize("pattern", BAD)
def test_texts_that_are_no_patterns_are_refused(pattern: str) -> None:
    """Whatever Python says about them."""
    assert rule_of(pattern) == "bad-pattern"


def test_many_patterns_are_checked_in_bounded_time() -> None:
    """Ten thousand different ones end in a refusal, not in an hour."""
    checker, report = PatternChecker(), Report()
    begin = time.process_time()
    for number in range(10_000):
        pattern = f"^(0|[1-9]\\d*)(\\.[a-z{number}]+)*(-[a-z]+([0-9]+[a-z]+)*)?$"
        checker.check(Text(pattern, Position("f", number + 1, 1)), report)
    assert time.process_time() - begin < 8.0


_ATOMS = st.sampled_from(["a", "b", "[ab]", ".", "[^a]", "ab", "a|b", "a|ab", "b?", ""])


def _combine(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    repeat = st.sampled_from(["*", "+", "?", "{2}", "{0,3}", "{1,20}", "*?"])
    return st.one_of(
        st.tuples(inner, repeat).map(lambda parts: f"(?:{parts[0]}){parts[1]}"),
        st.lists(inner, min_size=1, max_size=3).map("".join),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: "(?:" + "|".join(parts) + ")"),
    )


@settings(max_examples=400)
@given(
    st.recursive(_ATOMS, _combine, max_leaves=8), st.sampled_from(["a", "b", "ab", "aab", "abb"])
)
def test_accepted_patterns_are_fast(pattern: str, unit: str) -> None:
    """Whatever is accepted matches a hundred repetitions, and then fails, at once."""
    whole = f"^{pattern}$"
    if rule_of(whole):
        return
    text = unit * 100 + "\n\n"
    compiled = re.compile(whole)
    begin = time.process_time()
    compiled.search(text)
    compiled.search(text + "c")
    assert time.process_time() - begin < 0.5
