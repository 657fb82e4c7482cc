"""Diagnostics on a terminal: the place, the line, a caret under what is meant."""

from __future__ import annotations

import pytest
from rpcgen.idl import Diagnostic, Position, render


def rendered(line: str, column: int, length: int) -> list[str]:
    """Return the source line and the caret line."""
    found = Diagnostic("a-rule", "found x", Position("f.yaml", 1, column, length))
    return render([found], {"f.yaml": line}).splitlines()[1:3]


def test_a_diagnostic_has_its_parts_in_order() -> None:
    """Head, source line, caret, hint, related places."""
    found = Diagnostic(
        "a-rule",
        "found x",
        Position("f.yaml", 2, 3, 2),
        "warning",
        "try y",
        ((Position("g.yaml", 1, 1), "it is here"),),
    )
    expected = "f.yaml:2:3: warning[a-rule]: found x\n  b xy\n    ^^\n  hint: try y\n  g.yaml:1:1: it is here\n"
    assert expected == render([found], {"f.yaml": "a\nb xy\nc"})
    assert render([found], {}).split("  hint")[0] == "f.yaml:2:3: warning[a-rule]: found x\n"
    assert render([], {}) == ""


@pytest.mark.parametrize(
    ("line", "column", "length", "caret"),
    [
        ("abc", 2, 1, " ^"),
        ("\tabc", 3, 2, "\t ^^"),
        ("漢字x", 3, 1, "    ^"),
        ("漢字x", 1, 2, "^^^^"),
        ("e\u0301x", 3, 1, " ^"),
        ("abc", 9, 1, "   ^"),
        ("abc", 3, 50, "  ^"),
        ("", 1, 1, "^"),
    ],
)
def test_the_caret_stands_under_the_character(
    line: str, column: int, length: int, caret: str
) -> None:
    """Tabs, wide and combining characters are as wide as a terminal shows them."""
    assert f"  {caret}" == rendered(line, column, length)[1]


def test_long_lines_are_cut_round_the_caret() -> None:
    """A megabyte in one line is shown as a window."""
    source, caret = rendered("x" * 1_000_000 + "HERE" + "y" * 1_000_000, 1_000_001, 4)
    assert len(source) < 140
    assert source[caret.index("^") : caret.rindex("^") + 1] == "HERE"


def test_nothing_that_moves_the_cursor_is_shown() -> None:
    """Escape sequences, direction marks and surrogates are replaced."""
    found = Diagnostic("a-rule", "a\x1b[31m\u202e\ud800\nb", Position("f", 1, 1))
    text = render([found], {"f": "\x1b[2J\u2066 \x07"})
    assert not set("\x1b\u202e\ud800\u2066\x07") & set(text)
    text.encode("utf-8")
