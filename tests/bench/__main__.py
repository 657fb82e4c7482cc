"""`python -m tests.bench`: run the workloads over all adapters and print the table."""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
from dataclasses import replace
from importlib import metadata
from pathlib import Path
from statistics import median

from tests import rabbitd
from tests.bench import calls, codegen, cold, floors, many, skew, stubs, table, versions
from tests.bench.adapter import WORKLOADS
from tests.bench.fleet import Pair, WorkerFailed
from tests.bench.installed import Installed
from tests.bench.plan import ADAPTERS, ALL_WORKLOADS, BROKER_ADAPTERS, Plan
from tests.bench.programs import ProgramFailed
from tests.bench.series import Series

LIBRARIES = (
    "rpcgen",
    "pyzmq",
    "msgspec",
    "grpcio",
    "protobuf",
    "thriftpy2",
    "betterproto2_compiler",
    "uvloop",
    "amqp",
    "oslo.messaging",
    "aio-pika",
)


def say(text: str) -> None:
    """Progress and reasons go to stderr; stdout has the report alone."""
    print(text, file=sys.stderr, flush=True)


def main(arguments: list[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    try:
        plan = _plan(options)
    except ValueError as error:
        say(f"bench: {error}")
        return 2
    series = run(plan)
    print(header(plan), noise(series), table.report(series, plan.transport), sep="\n\n")
    if options.json:
        facts = {"run": header(plan), "noise": noise(series), "figures": list(series.rows())}
        options.json.write_text(json.dumps(facts, indent=1) + "\n")
    reasons = floors.broken(plan, series) if options.assert_floors else []
    for reason in reasons:
        say(f"broken floor: {reason}")
    return 1 if reasons else 0


def run(plan: Plan) -> Series:
    """Measure everything in the plan; nothing is left behind."""
    series = Series()
    with tempfile.TemporaryDirectory(prefix="rpcgen-bench-") as name:
        directory = Path(name)
        compiled = directory / "stubs"
        compiled.mkdir()
        for failure in stubs.compile_all(compiled):
            say(failure)
        with calls.in_directory(directory, plan, compiled) as fleet:
            if {*WORKLOADS, "W5"} & set(plan.workloads):
                pairs = calls.start(fleet, plan, say)
                calls.measure(pairs, plan, series, say)
                if "W5" in plan.workloads:
                    _cold(pairs, compiled, Installed(directory / "installed"), plan, series)
        if "W6" in plan.workloads:
            _codegen(directory, plan, series)
        if {"W7", "W8"} & set(plan.workloads):
            _versions(directory, compiled, plan, series)
        if {"W9", "W10", "W11"} & set(plan.workloads):
            _scale(directory, compiled, plan, series)
    return series


def header(plan: Plan) -> str:
    """What was run on what, for whoever reads the figures later."""
    versions = [f"Python {platform.python_version()}"]
    for library in LIBRARIES:
        try:
            versions.append(f"{library} {metadata.version(library)}")
        except metadata.PackageNotFoundError:
            versions.append(f"{library} not installed")
    if plan.transport == "amqp":
        versions.append(f"RabbitMQ {rabbitd.version()}")
    return (
        f"{', '.join(versions)}; {platform.system()} {platform.machine()}, "
        f"{os.cpu_count()} cores shared by both sides; {plan.transport}; "
        f"medians of {plan.rounds} interleaved rounds of {plan.seconds:g} s; "
        "spread is (max - min) / median. Compare figures of one run only."
    )


def noise(series: Series) -> str:
    """How much the run was disturbed; a reader should not trust rates of a busy machine."""
    shares = sorted(series.all("elsewhere"))
    if not shares:
        return "No round of W1 to W4 was measured."
    ninth = shares[len(shares) * 9 // 10]
    return (
        f"Other programs used {median(shares):.0%} of the machine in the median round and {ninth:.0%} "
        "in one of ten. Above 10% run it again: a core that is taken changes the ratios, not only the rates."
    )


def _cold(
    pairs: list[Pair], compiled: Path, installed: Installed, plan: Plan, series: Series
) -> None:
    say("W5")
    try:
        cold.measure(pairs, installed, plan, series)
        if not any(name.startswith("rpcgen") for name in plan.adapters):
            return
        if plan.transport != "amqp":
            cold.measure_imports(compiled, installed, plan, series)
        for pair in pairs:
            if pair.name.startswith("rpcgen") and pair.cold:
                found = cold.unwanted(pair.cold, installed)
                loads = ", ".join(found) if found else f"none of {', '.join(cold.UNWANTED)}"
                say(f"W5: a client of {pair.name} loads {loads}")
                series.add("W5", pair.name, {"unwanted": len(found)})
    except ProgramFailed as failure:
        say(f"lost the rest of W5: {failure}")


def _codegen(directory: Path, plan: Plan, series: Series) -> None:
    say("W6")
    try:
        codegen.measure(directory, plan, series, say)
    except ProgramFailed as failure:
        say(f"lost the rest of W6: {failure}")


def _versions(directory: Path, compiled: Path, plan: Plan, series: Series) -> None:
    try:
        if "W7" in plan.workloads:
            versions.measure(directory, compiled, plan, series, say)
        if "W8" in plan.workloads:
            say("W8")
            versions.measure_steps(compiled, plan, series)
    except (ProgramFailed, WorkerFailed) as failure:
        say(f"lost the rest of W7 and W8: {failure}")


def _scale(directory: Path, compiled: Path, plan: Plan, series: Series) -> None:
    try:
        if "W9" in plan.workloads:
            skew.measure(directory, compiled, plan, series, say)
        if "W10" in plan.workloads:
            many.measure_servers(directory, compiled, plan, series, say)
        if "W11" in plan.workloads:
            many.measure_calls(directory, compiled, plan, series, say)
    except (ProgramFailed, WorkerFailed) as failure:
        say(f"lost the rest of W9 to W11: {failure}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="3 short rounds, no big interface")
    parser.add_argument("--only", metavar="W1,W2", help=f"some of {', '.join(ALL_WORKLOADS)}")
    parser.add_argument("--adapters", metavar="A,B", help=f"some of {', '.join(ADAPTERS)}")
    parser.add_argument("--transport", choices=("tcp", "ipc", "amqp"), default="tcp")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every round's figures")
    parser.add_argument(
        "--assert", action="store_true", dest="assert_floors", help="exit 1 if a floor is broken"
    )
    return parser


def _plan(options: argparse.Namespace) -> Plan:
    full = Plan()
    quick = Plan(
        rounds=3,
        seconds=0.25,
        warm_up=0.15,
        cold_rounds=3,
        paired_rounds=5,
        methods=0,
        servers=100,
        calls=1_000,
    )
    base = quick if options.quick else full
    if options.transport == "amqp":
        base = replace(base, workloads=(*WORKLOADS, "W5"), adapters=BROKER_ADAPTERS)
    return Plan(
        workloads=_names(options.only) or base.workloads,
        adapters=_names(options.adapters) or base.adapters,
        transport=options.transport,
        rounds=base.rounds,
        seconds=base.seconds,
        warm_up=base.warm_up,
        cold_rounds=base.cold_rounds,
        paired_rounds=base.paired_rounds,
        methods=base.methods,
        servers=base.servers,
        calls=base.calls,
    )


def _names(given: str | None) -> tuple[str, ...]:
    return tuple(name.strip() for name in given.split(",") if name.strip()) if given else ()


if __name__ == "__main__":
    sys.exit(main())
