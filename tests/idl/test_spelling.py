"""What is made of regular expressions means what it should."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rpcgen.idl.regex.spelling import all_of, exact

from tests.idl.test_patterns import GOOD

NAMED = [
    r"(?P<x>[b])c",
    r"[(?P<x>]b",
    r"\(?P<x>b",
    r"[]a]b",
    r"[^]a]b",
    "(?i)B",
    "(?s)(?i)a.B",
    "(?x) a b  # (c",
    "(?m)^b$",
]


@given(
    st.lists(st.sampled_from([*GOOD, *NAMED]), min_size=1, max_size=4),
    st.text("abc]?\n(P<x>B1-", max_size=8),
)
def test_all_of_some_are_found_where_each_is(patterns: list[str], text: str) -> None:
    """In any order, with names, sets, flags and comments of their own."""
    assert bool(re.search(all_of(patterns), text)) == all(
        re.search(pattern, text) for pattern in patterns
    )


@pytest.mark.parametrize("pattern", NAMED)
def test_one_pattern_stays_as_it_is(pattern: str) -> None:
    """Also if it is said twice."""
    assert all_of([pattern, pattern]) == pattern


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("^a$", r"^a\Z"),
        ("a$|b$", r"a\Z|b\Z"),
        (r"^\$$", r"^\$\Z"),
        (r"\\$", r"\\\Z"),
        (r"[$]$", r"[$]\Z"),
        (r"[]$]$", r"[]$]\Z"),
        (r"[^]\]$]$", r"[^]\]$]\Z"),
        ("(?i)a$", r"(?i)a\Z"),
        ("(?#[)a$", r"(?#[)a\Z"),
        ("(?x)a  # [$]\n$", "(?x)a  # [$]\n\\Z"),
        ("(?m)^a$", "(?m)^a$"),
        ("(?im:^a$)", "(?im:^a$)"),
    ],
)
def test_end_is_the_end_of_the_text(pattern: str, expected: str) -> None:
    """Not what stands before a last line break; of what only looks like it, nothing is changed."""
    assert exact(pattern) == expected


@given(st.sampled_from([*GOOD, *NAMED]), st.text("abc]?(P<x>B1-", max_size=8))
def test_exact_pattern_is_found_in_the_same_lines(pattern: str, text: str) -> None:
    """It differs about texts with line breaks only."""
    assert bool(re.search(exact(pattern), text)) == bool(re.search(pattern, text))
