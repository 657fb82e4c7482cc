"""Annotations of a GitHub workflow: one line of output for each finding that asks for something."""

from __future__ import annotations

from collections.abc import Iterable

from rpcgen.cli._formats.entry import Entry, Group

_LEVELS = {"error": "error", "warning": "warning", "note": "notice"}


def as_github(groups: Iterable[Group]) -> str:
    """One command a line; what is waived is a notice."""
    lines = [
        _line(each)
        for group in groups
        for each in group.entries
        if each.level != "note" or each.waived
    ]
    return "".join(f"{line}\n" for line in lines)


def _line(entry: Entry) -> str:
    at = entry.place
    level = "notice" if entry.waived else _LEVELS[entry.level]
    title = f"{entry.rule} (waived)" if entry.waived else entry.rule
    pairs = {
        "file": at.file,
        "line": str(at.line),
        "col": str(at.column),
        "endColumn": str(at.column + at.length),
        "title": title,
    }
    properties = ",".join(f"{key}={_property(value)}" for key, value in pairs.items())
    return f"::{level} {properties}::{_message(entry.text)}"


def _message(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _message(text).replace(":", "%3A").replace(",", "%2C")
