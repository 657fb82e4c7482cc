"""W7 and W8: what an interface pays for having a past, in calls and step by step.

All variants are called from one process and served by one, in slices that follow each other in turn and back again, so
that a ratio is one of neighbours. Ratios are of cost: 1.05 is 5% more time, or CPU, per call than without versions.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from tests.bench.calls import Say
from tests.bench.elsewhere import Elsewhere
from tests.bench.fleet import ROOT, Fleet, Pair
from tests.bench.plan import Plan
from tests.bench.programs import run
from tests.bench.series import Series

ADAPTERS = {"asyncio": "versions_aio", "blocking": "versions_blocking"}
VARIANTS = ("plain", "dated", "pinned")
ROWS = {"plain": "no versions", "dated": "versions", "pinned": "pinned to the older major"}
SIZES = {"small": "small", "objects": "2 KB"}


def measure(directory: Path, stubs: Path, plan: Plan, series: Series, say: Say) -> None:
    """W7, always over ipc: there the transport hides least."""
    sockets = directory / "versions"
    sockets.mkdir()
    with Fleet("ipc", sockets, stubs) as fleet:
        pairs = {world: fleet.start(adapter) for world, adapter in ADAPTERS.items()}
        for number in range(plan.paired_rounds + 1):
            say(f"W7: round {number} of {plan.paired_rounds}" if number else "W7: warm-up")
            for world, pair in pairs.items():
                for size in SIZES:
                    figures = _round(pair, size, plan, backwards=number % 2 == 1)
                    if number:
                        _add(series, f"{world} {SIZES[size]}", figures)


def _round(pair: Pair, size: str, plan: Plan, *, backwards: bool) -> dict[str, dict[str, float]]:
    """One slice of each variant."""
    figures: dict[str, dict[str, float]] = {}
    for name in reversed(VARIANTS) if backwards else VARIANTS:
        load = Elsewhere()
        found = pair.measure(f"{size} {name}", plan.seconds / 12)
        found["elsewhere"] = load.share(of_us=found.pop("cpu_seconds"))
        figures[name] = found
    return figures


def _add(series: Series, label: str, figures: dict[str, dict[str, float]]) -> None:
    plain = figures["plain"]
    for name in VARIANTS:
        found = figures[name]
        if name != "plain":
            found["time_ratio"] = plain["rate"] / found["rate"]
            found["cpu_ratio"] = found["cpu"] / plain["cpu"]
        series.add("W7", f"{label}, {ROWS[name]}", found)


def measure_steps(stubs: Path, plan: Plan, series: Series) -> None:
    """W8: what `steps.py` finds."""
    command = [sys.executable, "-m", "tests.bench.steps", str(stubs), str(plan.paired_rounds)]
    for line in run(command, cwd=ROOT).splitlines():
        row = json.loads(line)
        series.add("W8", row.pop("step"), row)
