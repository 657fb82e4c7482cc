"""Hostile and clumsy files: each is read or refused, with a place, in bounded time and memory, without a traceback."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from rpcgen.idl import Loaded, load, loads, render

from tests.idl.cases import PREAMBLE

SECONDS = 10.0


def rules_of(loaded: Loaded) -> set[str]:
    """Return the rules that a file broke; rendering them must work, too."""
    text = render(loaded.diagnostics, loaded.sources)
    assert all(f"[{found.rule}]" in text for found in loaded.diagnostics)
    assert (loaded.interface is None) == any(
        found.severity == "error" for found in loaded.diagnostics
    )
    return {found.rule for found in loaded.diagnostics}


def refused(text: str, within: float = SECONDS) -> set[str]:
    """Return why a text is refused, which must be soon."""
    begin = time.process_time()
    loaded = loads(text)
    found = rules_of(loaded)
    assert time.process_time() - begin < within
    assert loaded.interface is None
    return found


def accepted(text: str, within: float = SECONDS) -> Loaded:
    """Return an interface that is accepted soon."""
    begin = time.process_time()
    loaded = loads(text)
    assert time.process_time() - begin < within
    assert loaded.interface is not None, render(loaded.diagnostics, loaded.sources)
    return loaded


# --- C1: aliases --------------------------------------------------------------------------------------------------


def test_alias_bombs_are_refused_at_once() -> None:
    """Nine laughs, a quadratic one and a recursive one end at their first anchor."""
    laughs = "a: &a [x]\n" + "".join(
        f"{b}: &{b} [*{a},*{a},*{a}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)
    )
    quadratic = "a: &a [" + "x," * 10_000 + "]\nb: [" + "*a," * 10_000 + "]\n"
    recursive = "a: &a [*a]\n"
    for text in (laughs, quadratic, recursive):
        assert {"yaml-anchor", "yaml-alias"} <= refused(text, within=1.0)


# --- C2: nesting --------------------------------------------------------------------------------------------------


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


# --- C3: files ----------------------------------------------------------------------------------------------------


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


def test_lone_surrogates_are_refused() -> None:
    """A program may hand over text that no file can hold."""
    assert refused("doc: \ud800") == {"text-character"}
    assert refused('doc: "\\ud800"') == {"yaml-syntax"}


def test_twenty_thousand_keys_are_quick() -> None:
    """A wide map is nothing special."""
    fields = "".join(f"      field_{number}: int\n" for number in range(20_000))
    accepted(PREAMBLE + "types:\n  Wide:\n    fields:\n" + fields, within=5.0)


# --- C4: duplicates -----------------------------------------------------------------------------------------------


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


# --- C5: implicit types -------------------------------------------------------------------------------------------


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


# --- C6, C7: names ------------------------------------------------------------------------------------------------


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


# --- C9: names of interfaces and of what lies on the wire ---------------------------------------------------------


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


# --- C10: imports -------------------------------------------------------------------------------------------------


def write_files(folder: Path, files: dict[str, str]) -> Path:
    """Write files; return the first."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder / next(iter(files))


def library(*imports: str) -> str:
    """Return a library that imports others."""
    return f"rpcgen: 1\nimports: [{', '.join(imports)}]\n"


@pytest.mark.parametrize("length", [1, 2, 50])
def test_import_cycles_are_named_in_full(tmp_path: Path, length: int) -> None:
    """However long the circle is."""
    files = {"main.yaml": PREAMBLE + "imports: [f0.yaml]\n"}
    files |= {
        f"f{number}.yaml": library(f"f{(number + 1) % length}.yaml") for number in range(length)
    }
    loaded = load(write_files(tmp_path, files))
    assert rules_of(loaded) == {"import-cycle"}
    names = [f"f{number % length}.yaml" for number in range(length + 1)]
    assert names == [
        part.rpartition("/")[2] for part in loaded.diagnostics[0].message.split(" -> ")
    ]


def test_an_interface_that_imports_itself_is_a_cycle(tmp_path: Path) -> None:
    """The main file counts."""
    path = write_files(tmp_path, {"main.yaml": PREAMBLE + "imports: [main.yaml]\n"})
    assert rules_of(load(path)) == {"import-cycle"}


def test_long_chains_of_imports_need_no_recursion(tmp_path: Path) -> None:
    """990 files in a row are read; more than a thousand are refused."""
    for length, expected in ((990, set[str]()), (1_100, {"import-too-many"})):
        files = {"main.yaml": PREAMBLE + "imports: [f0.yaml]\n"}
        files |= {f"f{number}.yaml": library(f"f{number + 1}.yaml") for number in range(length)}
        files[f"f{length}.yaml"] = library()
        assert rules_of(load(write_files(tmp_path / str(length), files))) == expected


@pytest.mark.parametrize(
    "name",
    [
        "http://example.org/a.yaml",
        "file:///etc/passwd",
        "/etc/passwd",
        "../a.yaml",
        "sub/../../a.yaml",
        "..",
        "a\\b.yaml",
    ],
)
def test_imports_stay_beneath_the_roots(tmp_path: Path, name: str) -> None:
    """No address, no absolute path, no way up."""
    path = write_files(tmp_path / "in", {"main.yaml": PREAMBLE + f"imports: ['{name}']\n"})
    write_files(tmp_path, {"a.yaml": library()})
    assert rules_of(load(path)) == {"import-path"}


def test_symbolic_links_do_not_lead_out(tmp_path: Path) -> None:
    """A link beneath the root to a file above it is refused, and one within is fine; so is one to a named root."""
    path = write_files(
        tmp_path / "in", {"main.yaml": PREAMBLE + "imports: [link.yaml]\n", "own.yaml": library()}
    )
    outside = write_files(tmp_path / "out", {"a.yaml": library()})
    link = tmp_path / "in" / "link.yaml"
    link.symlink_to(outside)
    assert rules_of(load(path)) == {"import-path"}
    assert rules_of(load(path, roots=[tmp_path / "out"])) == set()
    link.unlink()
    link.symlink_to("own.yaml")
    assert rules_of(load(path)) == set()


def test_imports_may_come_from_a_root(tmp_path: Path) -> None:
    """A file that is not beside the importer is looked for beneath the roots."""
    path = write_files(tmp_path / "in", {"main.yaml": PREAMBLE + "imports: [shared/a.yaml]\n"})
    write_files(
        tmp_path / "lib", {"shared/a.yaml": library("b.yaml"), "shared/b.yaml": "rpcgen: 1\n"}
    )
    assert rules_of(load(path)) == {"import-missing"}
    assert rules_of(load(path, roots=[tmp_path / "lib"])) == set()


def test_imports_are_regular_readable_files(tmp_path: Path) -> None:
    """A directory, an interface and a broken file are refused at the import or in the file."""
    main = {"main.yaml": PREAMBLE + "imports: [sub, other.yaml, broken.yaml, gone.yaml]\n"}
    path = write_files(
        tmp_path, {**main, "sub/x": "", "other.yaml": PREAMBLE, "broken.yaml": "a: ["}
    )
    assert rules_of(load(path)) == {
        "file-not-regular",
        "import-interface",
        "yaml-syntax",
        "import-missing",
    }


def test_texts_cannot_import() -> None:
    """Without a file there is nowhere to look."""
    assert refused(PREAMBLE + "imports: [a.yaml]\n") == {"import-path"}


# --- C11: types ---------------------------------------------------------------------------------------------------


def test_long_loops_and_chains_of_types_end() -> None:
    """Thousands of aliases, structs and bases in a row or in a circle are an error and not a crash."""
    count = 4_000
    for form, loop, chain in (
        ("A{}", "alias-loop", "type-depth"),
        ("{{extends: A{}}}", "extends-loop", "type-depth"),
        ("{{fields: {{a: A{}}}}}", "infinite-type", ""),
        ("list[A{}]", "alias-loop", "type-depth"),
    ):
        lines = "".join(f"  A{number}: {form.format(number + 1)}\n" for number in range(count))
        circle = lines.replace(f"A{count}", "A0")
        assert loop in refused(PREAMBLE + "types:\n" + circle)
        row = PREAMBLE + "types:\n" + lines + f"  A{count}: {{fields: {{}}}}\n"
        if chain:
            assert chain in refused(row)
        else:
            accepted(row)


def test_many_arguments_are_fine() -> None:
    """Arguments are keyword-only; 300 of them are no problem here."""
    args = ", ".join(f"a{number}: int" for number in range(300))
    interface = accepted(PREAMBLE + f"methods: {{m: {{call: any, args: {{{args}}}}}}}\n").interface
    assert interface is not None
    assert len(interface.methods["m"].args) == 300


def test_ten_thousand_methods_are_read_in_time() -> None:
    """The front's share of the minute that compiling them may take is small."""
    methods = "".join(
        f"  method_{number}:\n    doc: Number {number}.\n    call: any\n"
        "    args: {a: int, b: string?, c: string = x since 1.2}\n    returns: string\n"
        for number in range(10_000)
    )
    accepted(PREAMBLE + "methods:\n" + methods)


def test_thirty_thousand_mistakes_end() -> None:
    """The list of mistakes is bounded, and so are the time and memory it takes."""
    text = (
        PREAMBLE + "types:\n" + "".join(f"  A{number}: Misin{number}\n" for number in range(30_000))
    )
    assert refused(text, within=20.0) == {"unknown-type", "too-many-mistakes"}


# --- C12: versions ------------------------------------------------------------------------------------------------


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


# --- all together -------------------------------------------------------------------------------------------------

_MEASURE = """
import re, sys, time
from rpcgen.idl import load, render
begin = time.process_time()
loaded = load(sys.argv[1])
render(loaded.diagnostics, loaded.sources)
took = time.process_time() - begin
# Not getrusage: what it calls the most counts the process that started this one, too.
with open("/proc/self/status") as status:
    print(took, int(re.search(r"VmHWM:\\s+(\\d+) kB", status.read())[1]) // 1024)
"""


@pytest.mark.parametrize(
    "unit",
    ["[", "a:\n", "- ? ", "'a': 1\n", "k{n}: [1, 2, 3]\n", '"\\\n', "#\n", "x ", "{n}: {{a: b}}\n"],
)
def test_the_largest_texts_stay_within_time_and_memory(tmp_path: Path, unit: str) -> None:
    """4 MiB of anything take less than 10 s and 512 MiB."""
    size = 4 * 1024 * 1024 - 100
    sample = (
        "".join(unit.replace("{n}", str(number)) for number in range(1_000_000))
        if "{n}" in unit
        else unit * size
    )
    path = tmp_path / "big.yaml"
    path.write_text(sample.encode()[:size].decode(), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-c", _MEASURE, str(path)], capture_output=True, text=True, check=False
    )
    assert not done.stderr
    seconds, mebibytes = done.stdout.split()
    assert float(seconds) < SECONDS
    assert int(mebibytes) < 512


def _wide(count: int, form: str) -> str:
    return "".join(f"  B{number}: {form}\n" for number in range(count))


@pytest.mark.parametrize(
    "text",
    [
        # A base of many fields with many children, and many values of a type of many fields.
        "types:\n  A: {fields: {" + ", ".join(f"a{n}: int?" for n in range(20_000)) + "}}\n" + _wide(20_000, "{extends: A}"),
        "types:\n  A: {fields: {" + ", ".join(f"a{n}: int?" for n in range(20_000)) + "}}\n"
        + "  B: {fields: {" + ", ".join(f"b{n}: 'A = {{}}'" for n in range(20_000)) + "}}\n",
        "types:\n  A: {fields: {a: int?}, examples: [" + "{}, " * 100_000 + "]}\n",
        "methods: {m: {call: any, examples: [" + "{}, " * 100_000 + "]}}\n",
        "types:\n  A: {enum: [" + ", ".join(f"a{n}" for n in range(100_000)) + "]}\n  B: {type: A, examples: [" + "x, " * 90_000 + "]}\n",
        "methods: {m: {cast: server, to: [" + "a, " * 100_000 + "], args: {a: string}}}\n",
        "target: {to: [" + "a, " * 100_000 + "]}\nmethods:\n" + "".join(f"  m{n}: {{cast: server, args: {{a: string}}}}\n" for n in range(10_000)),
        "methods:\n  m: {call: any, since: [" + ", ".join(f"'{n}.1'" for n in range(1, 90_000)) + "]}\n",
        "serves: [" + ", ".join(f"'{n}.1'" for n in range(90_000)) + "]\n",
        "imports: [" + "a.yaml, " * 200_000 + "]\n",
        "types:\n" + "".join(f"  A{n}: {{fields: {{a: 'A{n + 1}?', b: 'A{n // 2}?', c: int? since 1.{n % 4 + 1}}}}}\n" for n in range(8_000)) + "  A8000: int\n"
        + "methods: {m: {call: any, args: {a: A0}}}\n",
    ],
    ids=["base", "defaults", "examples", "calls", "enum", "paths", "default-paths", "dates", "serves", "imports", "graph"],
)  # fmt: skip
def test_nothing_multiplies(text: str) -> None:
    """What a short file says many times over is bounded, or costs no more than the file is long."""
    begin = time.process_time()
    found = rules_of(loads(PREAMBLE + text))
    assert time.process_time() - begin < SECONDS
    assert ("extends" in text) == ("too-many-fields" in found)


def test_a_diamond_of_many_imports_ends(tmp_path: Path) -> None:
    """A hundred files that all import each other further down are read once each."""
    files = {"main.yaml": PREAMBLE + "imports: [f0.yaml]\n"}
    files |= {
        f"f{number}.yaml": library(*(f"f{n}.yaml" for n in range(number + 1, 100)))
        for number in range(100)
    }
    assert rules_of(load(write_files(tmp_path, files))) == set()
    files = {name: text + "# " + "x" * 100_000 for name, text in files.items()}
    assert rules_of(load(write_files(tmp_path / "large", files))) == {"file-too-large"}
