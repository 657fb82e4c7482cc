"""Hostile bytes and YAML: aliases, nesting, files that are none, duplicates, implicit types."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from rpcgen.idl import load, loads

from tests.idl.attacks.reading import accepted, refused, rules_of
from tests.idl.cases import PREAMBLE


def test_alias_bombs_are_refused_at_once() -> None:
    """Nine laughs, a quadratic one and a recursive one end at their first anchor."""
    laughs = "a: &a [x]\n" + "".join(
        f"{b}: &{b} [*{a},*{a},*{a}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)
    )
    quadratic = "a: &a [" + "x," * 10_000 + "]\nb: [" + "*a," * 10_000 + "]\n"
    recursive = "a: &a [*a]\n"
    for text in (laughs, quadratic, recursive):
        assert {"yaml-anchor", "yaml-alias"} <= refused(text, within=1.0)


@pytest.mark.parametrize("depth", [100, 900, 100_000])
@pytest.mark.parametrize("opening", ["[", "{a: ", "- ", "? ", "- - ", "[[", "{? "])
def test_deep_nesting_is_refused_with_a_place(opening: str, depth: int) -> None:
    """Neither brackets nor dashes make the compiler recurse."""
    assert refused(opening * depth, within=2.0) <= {"yaml-depth", "yaml-syntax", "yaml-key"}


def test_deep_indentation_is_refused() -> None:
    """Block style is limited, too."""
    text = "".join(" " * level + "a:\n" for level in range(900))
    assert refused(text) == {"yaml-depth"}


@pytest.mark.parametrize("depth", [65, 500, 100_000])
def test_deep_types_are_refused(depth: int) -> None:
    """`list[list[...` ends at the limit."""
    type_ = "list[" * depth + "int" + "]" * depth
    assert refused(PREAMBLE + f"types:\n  A: {type_}\n") == {"bad-type"}
    assert accepted(PREAMBLE + f"types:\n  A: {'list[' * 60}int{']' * 60}\n")


def test_large_files_are_refused_by_their_size(tmp_path: Path) -> None:
    """5 and 50 MB are not parsed; a sparse terabyte is not read."""
    for size in (5_000_000, 50_000_000, 2**40):
        path = tmp_path / "big.yaml"
        with path.open("wb") as file:
            file.truncate(size)
        assert rules_of(load(path)) == {"file-too-large"}


def test_only_regular_files_are_read(tmp_path: Path) -> None:
    """A device, a pipe that nobody writes to, a directory and nothing are refused at once."""
    pipe = tmp_path / "pipe.yaml"
    os.mkfifo(pipe)
    for path in (Path("/dev/zero"), pipe, tmp_path):
        assert rules_of(load(path)) == {"file-not-regular"}
    for path in (
        tmp_path / "missing.yaml",
        tmp_path / "pipe.yaml" / "x",
        tmp_path / "a\0b",
        tmp_path / ("x" * 5_000),
    ):
        assert rules_of(load(path)) == {"file-unreadable"}


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (PREAMBLE.encode("utf-16"), {"file-not-utf8"}),
        (PREAMBLE.encode("utf-32"), {"file-not-utf8"}),
        (bytes(range(256)), {"file-not-utf8"}),
        (b"\xed\xa0\x80", {"file-not-utf8"}),
        (b"rpcgen: 1\0", {"text-character"}),
        (b"", {"file-empty"}),
        (b"\n\n", {"file-empty"}),
        (b"# nothing", {"file-empty"}),
        (b"---\n...\n", {"wrong-kind"}),
        (b"\xef\xbb\xbf", {"file-empty"}),
        (b"just text", {"wrong-kind"}),
        (b"[1, 2]", {"wrong-kind"}),
        (b"\xef\xbb\xbf" + PREAMBLE.encode(), set()),
        (PREAMBLE.replace("\n", "\r\n").encode(), set()),
        (PREAMBLE.replace("\n", "\r").encode(), set()),
        (PREAMBLE.strip().encode(), set()),
    ],
)
def test_encodings_and_ends(tmp_path: Path, data: bytes, expected: set[str]) -> None:
    """A file is UTF-8, with or without a mark, with any line ends, or it is refused."""
    path = tmp_path / "input.yaml"
    path.write_bytes(data)
    assert rules_of(load(path)) == expected


@pytest.mark.parametrize(
    ("before", "place"),
    [
        (b"", "1:1"),
        (b"rpcgen: 1\n\n", "3:1"),
        (b"rpcgen: 1\r\ndoc: ", "2:6"),
        (b"\xef\xbb\xbf# \xc3\xa4\r# ", "2:3"),
        (b"\xef\xbb\xbf# \xc3\xa4 ", "1:5"),
    ],
)
def test_what_is_not_utf8_has_a_place(tmp_path: Path, before: bytes, place: str) -> None:
    """Line and column are told of the first byte that is not, in an imported file, too."""
    library = tmp_path / "common.yaml"
    library.write_bytes(before + b"\xff\n")
    (wrong,) = load(library).diagnostics
    assert str(wrong.position) == f"{library}:{place}"
    main = tmp_path / "main.yaml"
    main.write_text(PREAMBLE + "imports: [common.yaml]\n")
    (wrong,) = load(main).diagnostics
    assert str(wrong.position) == f"{library}:{place}"
    assert [str(at) for at, _ in wrong.related] == [f"{main}:{PREAMBLE.count(chr(10)) + 1}:11"]


def test_lone_surrogates_are_refused() -> None:
    """A program may hand over text that no file can hold."""
    assert refused("doc: \ud800") == {"text-character"}
    assert refused('doc: "\\ud800"') == {"yaml-syntax"}


def test_twenty_thousand_keys_are_quick() -> None:
    """A wide map is nothing special."""
    fields = "".join(f"      field_{number}: int\n" for number in range(20_000))
    accepted(PREAMBLE + "types:\n  Wide:\n    fields:\n" + fields, within=5.0)


@pytest.mark.parametrize(
    "text",
    [
        "methods: {a: {call: any}, a: {call: any}}",
        "methods: {a: {call: any, args: {x: int, x: int}}}",
        "types: {A: {fields: {x: int}}, A: uuid}",
        'types: {A: {type: int, "type": int}}',
        "methods: {a: {call: any, call: any}}",
        "doc: a\ndoc: b",
    ],
)
def test_duplicate_keys_name_both_places(text: str) -> None:
    """The second is refused and the first is shown."""
    loaded = loads(PREAMBLE + text)
    assert rules_of(loaded) == {"yaml-duplicate-key"}
    assert [label for _, label in loaded.diagnostics[0].related] == ["first given here"]


@pytest.mark.parametrize("word", ["no", "on", "null", "yes", "true", "y", "off"])
def test_words_that_yaml_takes_for_others_are_names(word: str) -> None:
    """A method, an argument and an enum value may be called `no`."""
    loaded = accepted(
        PREAMBLE
        + f"types: {{A: {{enum: [{word}]}}}}\nmethods: {{{word}: {{call: any, args: {{{word}: A}}}}}}\n"
    )
    interface = loaded.interface
    assert interface is not None
    assert [word] == list(interface.methods) == list(interface.methods[word].args)


@pytest.mark.parametrize(
    "name",
    [
        "012",
        "1:30",
        "1e3",
        "2001-01-01",
        "~",
        ".nan",
        "9" * 900,
        "a b",
        "a.b",
        "''",
        "-",
        "=",
        "_x",
        "__init__",
    ],
)
def test_numbers_and_dates_are_no_names(name: str) -> None:
    """They are read as text, and as text they are no names."""
    assert refused(PREAMBLE + f"methods: {{{name}: {{call: any}}}}\n") == {"bad-name"}


@pytest.mark.parametrize(
    "tag", ["!!python/object/apply:os.system [id]", "!!set {a}", "!!binary aGk=", "!x y", "!!str a"]
)
def test_tags_are_refused(tag: str) -> None:
    """No tag makes anything happen."""
    assert "yaml-tag" in refused(PREAMBLE + f"doc: {tag}\n")


def test_long_numbers_are_refused() -> None:
    """5,000 digits are no number of 64 bits, and no error of Python's."""
    for number in ("9" * 5_000, "1e999", ".inf", ".nan", "0x10", "1_000", "012", "+1"):
        text = PREAMBLE + f"types: {{A: {{fields: {{a: {{type: float, default: {number}}}}}}}}}\n"
        assert refused(text) == {"value-type"}
        assert refused(PREAMBLE + f"types: {{A: {{type: int, min: {number}}}}}\n") == {"bad-number"}
