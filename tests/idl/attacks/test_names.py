"""Hostile names and versions: words of Python, look-alikes, direction marks, paths, odd numbers."""

from __future__ import annotations

import pytest

from tests.idl.attacks.reading import accepted, refused
from tests.idl.cases import PREAMBLE


@pytest.mark.parametrize(
    "name", ["class", "self", "match", "print", "None", "call", "close", "Exception", "id"]
)
def test_words_of_python_are_fine_here(name: str) -> None:
    """What they become in Python is the generator's business; the name that travels is kept."""
    interface = accepted(
        PREAMBLE + f"methods: {{{name}: {{call: any, args: {{{name}: int}}}}}}\n"
    ).interface
    assert interface is not None
    assert list(interface.methods[name].args) == [name]


@pytest.mark.parametrize(
    "name", ["\u0430bc", "\uff41bc", "a\u0301", "a\u200bb", "ﬁ", "a\u00adb", "µ", "x" * 129]
)
def test_names_outside_ascii_are_refused(name: str) -> None:
    """Confusable, fullwidth, combining, zero-width and folding letters are no letters."""
    assert refused(
        PREAMBLE + f'methods: {{"{name}": {{call: any, args: {{"{name}": int}}}}}}\n'
    ) == {"bad-name"}


@pytest.mark.parametrize("mark", ["\u202e", "\u2066", "\u2069", "\u200f", "\u061c"])
@pytest.mark.parametrize(
    "text", ["# {}\n", "doc: {}\n", "methods: {{a: {{call: any, doc: 'x {} y'}}}}\n"]
)
def test_direction_marks_are_refused_everywhere(text: str, mark: str) -> None:
    """Also in comments and docs, and also when written as an escape."""
    assert refused(PREAMBLE + text.format(mark)) == {"text-direction"}
    assert refused(PREAMBLE + f'doc: "\\u{ord(mark):04x}"\n') == {"text-direction"}


@pytest.mark.parametrize(
    "name",
    [
        "../x",
        "/abs",
        "a/../../b",
        "..",
        "a..b",
        ".a",
        "a.",
        "A.b",
        "a-b",
        "1a",
        "a.1",
        "x" * 5_000,
        "a b",
        "con/../x",
    ],
)
def test_interface_names_cannot_be_paths(name: str) -> None:
    """The name becomes a package; it has letters, digits, underscores and single dots."""
    assert refused(f'rpcgen: 1\ninterface: "{name}"\nversion: "1.0"\n') == {"bad-interface-name"}


@pytest.mark.parametrize(
    "version",
    [
        "1",
        "1.0.0",
        "1.-1",
        "01.2",
        "1.02",
        "1.99999999999",
        "\u0661.\u0662",
        "1.",
        ".1",
        "1.a",
        "v1.0",
        "",
        "1,0",
        " 1.0",
        "1e1",
        "-1.0",
    ],
)
def test_bad_versions_are_refused(version: str) -> None:
    """Two plain numbers, and nothing else."""
    assert refused(f'rpcgen: 1\ninterface: a\nversion: "{version}"\n') == {"bad-version"}


def test_versions_compare_as_numbers() -> None:
    """5.10 is newer than 5.9 and never 5.1."""
    text = 'rpcgen: 1\ninterface: a\nversion: "5.10"\nmethods: {m: {call: any, since: "5.9"}}\n'
    interface = accepted(text).interface
    assert interface is not None
    assert interface.version == (5, 10)
    assert refused(text.replace("5.10", "5.8")) == {"since-future"}
