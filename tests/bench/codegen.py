"""W6: how long code generation takes, for an interface with 100 methods and 60 types and for a very big one.

The interface and its .proto are written here, method for method and field for field alike.
"""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from tests.bench import stubs
from tests.bench.calls import Say
from tests.bench.plan import Plan
from tests.bench.programs import ProgramFailed, run
from tests.bench.series import Series

METHODS, TYPES = 100, 60

#: (name, type in YAML, type in proto)
FIELDS = (
    ("uuid", "string", "string"),
    ("name", "string", "string"),
    ("count", "int", "int64"),
    ("ratio", "float", "double"),
    ("enabled", "bool", "bool"),
    ("note", "string?", "optional string"),
    ("tags", "list[string]", "repeated string"),
    ("labels", "map[string, string]", "map<string, string>"),
)


def measure(directory: Path, plan: Plan, series: Series, say: Say) -> None:
    """Compile with rpcgen and with betterproto2, interleaved; then the very big interface once."""
    yaml = directory / "many.yaml"
    yaml.write_text(interface("many.methods", METHODS, TYPES))
    proto = directory / "many.proto"
    proto.write_text(protobuf(METHODS, TYPES))
    compilers = [
        ("rpcgen compile", stubs.rpcgen, yaml),
        ("betterproto2", stubs.betterproto2, proto),
    ]
    for number in range(plan.rounds + 1):
        for compiler in list(compilers):
            name, command, source = compiler
            out = directory / f"{name.split()[0]}-{number}"
            out.mkdir()
            try:
                figures = _timed(command(source, out))
            except ProgramFailed as failure:
                say(f"skipped {name}: {failure}")
                compilers.remove(compiler)
                continue
            if number:
                series.add("W6", name, figures)
    if plan.methods:
        _measure_big(directory, plan.methods, series)


def interface(name: str, methods: int, types: int) -> str:
    """An interface file."""
    lines = [
        "rpcgen: 1",
        f"interface: {name}",
        'version: "1.0"',
        "target: {exchange: bench, topic: many}",
    ]
    lines += ["doc: Many methods.", "types:"]
    for number in range(types):
        lines += [f"  Type{number}:", f"    doc: The type number {number}.", "    fields:"]
        lines += [f"      {field}: '{kind}'" for field, kind, _ in FIELDS]
        if number:
            lines.append(f"      previous: Type{number - 1}?")
    lines.append("methods:")
    for number in range(methods):
        kind = number % types
        lines += [
            f"  method_{number}:",
            f"    doc: The method number {number}.",
            "    call: any",
            f"    args: {{item: Type{kind}, count: int, note: string?}}",
            f"    returns: Type{(kind + 1) % types}",
        ]
    return "\n".join(lines) + "\n"


def protobuf(methods: int, types: int) -> str:
    """The same for protoc: a request message stands for the arguments of each method."""
    lines = ['syntax = "proto3";', "package many;"]
    for number in range(types):
        lines += [f"// The type number {number}.", f"message Type{number} {{"]
        lines += [f"  {kind} {field} = {n};" for n, (field, _, kind) in enumerate(FIELDS, 1)]
        if number:
            lines.append(f"  optional Type{number - 1} previous = {len(FIELDS) + 1};")
        lines.append("}")
    for number in range(methods):
        lines += [
            f"message Method{number}Request {{",
            f"  Type{number % types} item = 1;",
            "  int64 count = 2;",
            "  optional string note = 3;",
            "}",
        ]
    lines.append("service Many {")
    for number in range(methods):
        returns = f"Type{(number % types + 1) % types}"
        lines.append(f"  // The method number {number}.")
        lines.append(f"  rpc Method{number}(Method{number}Request) returns ({returns});")
    lines.append("}")
    return "\n".join(lines) + "\n"


def _measure_big(directory: Path, methods: int, series: Series) -> None:
    source = directory / "huge.yaml"
    source.write_text(interface("huge.methods", methods, TYPES))
    out = directory / "huge"
    out.mkdir()
    name = f"rpcgen, {methods:,} methods"
    series.add("W6", name, _timed(stubs.rpcgen(source, out)))
    program = (
        f"import sys; sys.path.insert(0, {str(out)!r}); from huge_methods import MethodsClient"
    )
    # The first import compiles to bytecode, as it does once after an installation.
    for which in ("first import", "import"):
        series.add("W6", f"{name}: {which}", _timed([sys.executable, "-c", program]))


def _timed(command: Sequence[str]) -> dict[str, float]:
    before, cpu = time.perf_counter(), _children_cpu()
    run(command)
    took = time.perf_counter() - before
    return {"ms": took * 1e3, "cpu_ms": (_children_cpu() - cpu) * 1e3}


def _children_cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
