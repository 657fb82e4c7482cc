"""Large files: nothing multiplies, and what is read stays within time and memory."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest
from rpcgen.idl import loads

from tests.idl.attacks.reading import SECONDS, accepted, refused, rules_of
from tests.idl.cases import PREAMBLE


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


def test_a_struct_of_thousands_of_structs_is_read_in_time() -> None:
    """Of which each needs the next, and is found to be finite behind it: the first one is not looked through each time."""
    count = 4_000
    needed = ", ".join(f"a{number}: A{number}" for number in range(count))
    row = "".join(f"  A{number}: {{fields: {{a: A{number + 1}}}}}\n" for number in range(count))
    text = f"{PREAMBLE}types:\n  All: {{fields: {{{needed}}}}}\n{row}  A{count}: {{fields: {{}}}}\n"
    accepted(text)
    accepted(text.replace(needed, ", ".join(reversed(needed.split(", ")))))


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
