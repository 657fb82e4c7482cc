"""W9: what quick calls pay for slow ones: 16 callers, one call in 50 takes 50 ms, the tail of the others.

`tail` is p99 over p50 of the quick calls. A server that lets quick requests wait behind slow ones has a tail of some
tens of milliseconds; without slow calls it shows what this machine's own disturbances make of it.
"""

from __future__ import annotations

from pathlib import Path

from tests.bench.calls import Say
from tests.bench.fleet import Fleet
from tests.bench.plan import Plan
from tests.bench.series import Series

ADAPTERS = {"asyncio server": "skew_aio", "blocking server": "skew_blocking"}
ROWS = {"uniform": "no slow calls", "skewed": "1 in 50 takes 50 ms"}


def measure(directory: Path, stubs: Path, plan: Plan, series: Series, say: Say) -> None:
    """Run the rounds, the servers in turn."""
    sockets = directory / "skew"
    sockets.mkdir()
    with Fleet(plan.transport, sockets, stubs) as fleet:
        pairs = {label: fleet.start(adapter) for label, adapter in ADAPTERS.items()}
        for number in range(plan.rounds + 1):
            say(f"W9: round {number} of {plan.rounds}" if number else "W9: warm-up")
            for label, pair in pairs.items():
                for workload, row in ROWS.items():
                    figures = pair.measure(workload, plan.seconds if number else plan.warm_up)
                    if number:
                        figures.pop("cpu_seconds")
                        series.add("W9", f"{label}, {row}", figures)
