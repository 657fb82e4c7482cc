"""W1 to W4: interleaved rounds over a fleet of live processes. Order: workload, round, adapter."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.bench.adapter import WORKLOADS
from tests.bench.elsewhere import Elsewhere
from tests.bench.fleet import Fleet, LibraryMissing, Pair, WorkerFailed
from tests.bench.plan import Plan
from tests.bench.series import Series

Say = Callable[[str], None]


def start(fleet: Fleet, plan: Plan, say: Say) -> list[Pair]:
    """Start every adapter that can be; say why the others cannot."""
    pairs = []
    for name in plan.adapters:
        try:
            pairs.append(fleet.start(name))
        except LibraryMissing as missing:
            say(f"skipped {name}: {missing}")
        except WorkerFailed as failure:
            say(f"skipped {name}: {failure}")
    return pairs


def measure(pairs: list[Pair], plan: Plan, series: Series, say: Say) -> None:
    """Run the rounds; an adapter that fails loses the workload it failed in."""
    for workload in WORKLOADS:
        if workload not in plan.workloads:
            continue
        running = [pair for pair in pairs if workload in pair.workloads]
        for number in range(plan.rounds + 1):
            say(
                f"{workload}: round {number} of {plan.rounds}" if number else f"{workload}: warm-up"
            )
            for pair in list(running):
                load = Elsewhere()
                try:
                    figures = pair.measure(workload, plan.seconds if number else plan.warm_up)
                except WorkerFailed as failure:
                    say(f"lost {pair.name} in {workload}: {failure}")
                    running.remove(pair)
                    continue
                if number:
                    figures["elsewhere"] = load.share(of_us=figures.pop("cpu_seconds"))
                    series.add(workload, pair.name, figures)


def in_directory(base: Path, plan: Plan, stubs: Path) -> Fleet:
    """A fleet whose sockets and logs lie in `base`."""
    directory = base / "fleet"
    directory.mkdir()
    return Fleet(plan.transport, directory, stubs)
