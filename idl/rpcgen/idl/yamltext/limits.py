"""What a text may hold before anybody parses it: its size and its characters.

Text direction marks are refused even in comments: they make a file read differently from what it says. Knows no YAML.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from rpcgen.idl.diagnostics import LINE_BREAK
from rpcgen.idl.position import Position
from rpcgen.idl.report import Report

MAX_BYTES = 4 * 1024 * 1024
MAX_DEPTH = 64
#: Texts, lists and maps. Ten thousand methods of four arguments have some 400,000.
MAX_NODES = 600_000
#: Characters that may be read another time, to go on behind something that YAML cannot read.
MAX_REREAD = 1_000_000


@dataclass(slots=True)
class Budget:
    """What is left of the limits for an interface and everything it imports."""

    bytes: int = MAX_BYTES
    nodes: int = MAX_NODES
    reread: int = MAX_REREAD


_BIDI = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
#: What YAML does not print, which is what neither parser reads; U+FEFF may only start a file.
_UNPRINTABLE = "\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufeff\ufffe\uffff"
_REFUSED = re.compile(f"[{_BIDI}{_UNPRINTABLE}]")
_BIDI_CHARACTER = re.compile(f"[{_BIDI}]")

#: Refused in a value although an escape could write it. Tabs and line breaks are fine.
REFUSED_IN_VALUES = re.compile(f"[{_BIDI}{_UNPRINTABLE}\x85]")


def describe(character: str) -> str:
    """Name a character that cannot be shown."""
    return f"U+{ord(character):04X}"


def rule_for(character: str) -> str:
    """Return the rule that refuses this character."""
    return "text-direction" if _BIDI_CHARACTER.match(character) else "text-character"


def check_characters(text: str, file: str, report: Report) -> bool:
    """Report each kind of refused character where it first stands; True if there is none."""
    seen: set[str] = set()
    for match in _REFUSED.finditer(text):
        character = match[0]
        if character in seen:
            continue
        seen.add(character)
        before = text[: match.start()]
        breaks = list(LINE_BREAK.finditer(before))
        start = breaks[-1].end() if breaks else 0
        at = Position(file, len(breaks) + 1, match.start() - start + 1)
        report_character(character, at, report)
        if len(seen) >= 8:
            break
    return not seen


def report_character(character: str, at: Position, report: Report) -> None:
    """Report one refused character."""
    rule = rule_for(character)
    what = "a text direction mark" if rule == "text-direction" else "a control character"
    if "\ud800" <= character <= "\udfff":
        what = "half of a surrogate pair"
    report.error(rule, f"found {what}, {describe(character)}", at, hint="remove it")
