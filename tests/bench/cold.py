"""W5: processes that import a client, connect, make one call and end; and what the imports alone cost.

A program says on its last line what it used: CPU since it began, CPU of the interpreter's start, and the peak of its
memory from /proc (the kernel's maximum from getrusage survives exec and would be that of this process).
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

from tests.bench.fleet import Pair
from tests.bench.plan import Plan
from tests.bench.series import Series

LIMIT = 60.0

PREAMBLE = "import time as _time\n_start = _time.process_time()\n"
REPORT = """
_end = _time.process_time()
with open("/proc/self/status") as _status:
    _peak = next(line.split()[1] for line in _status if line.startswith("VmHWM"))
print()
print(_start, _end, _peak, flush=True)
"""

BARE_IMPORTS = "import asyncio\nimport msgspec\nimport zmq\n"
CLIENT_IMPORTS = """
import sys

sys.path.insert(0, {stubs!r})
from small_bench import AsyncBenchClient
import rpcgen.runtime.drivers.zeromq
"""
#: Parts of code generation and of the other driver, which a client must not load.
UNWANTED = ("jinja2", "yaml", "jsonschema", "click", "rich", "kombu", "redis")
LIST_UNWANTED = f"""
import sys
print(*sorted(set({UNWANTED!r}) & set(sys.modules)))
"""


class ProgramFailed(Exception):
    """A cold program ended badly; the message has the end of what it printed."""


def measure(pairs: list[Pair], plan: Plan, series: Series) -> None:
    """First calls, in interleaved rounds."""
    programs = {"python -c pass": "pass\n"}
    programs |= {pair.name: pair.cold for pair in pairs if pair.cold}
    _rounds(programs, "W5", plan.cold_rounds, series)


def measure_imports(stubs: Path, plan: Plan, series: Series) -> None:
    """What importing a generated client and its driver costs, against importing the bare libraries."""
    programs = {
        "imports of the bare stack": BARE_IMPORTS,
        "imports of an rpcgen client": CLIENT_IMPORTS.format(stubs=str(stubs)),
    }
    _rounds(programs, "W5", 2 * plan.cold_rounds + 1, series)


def unwanted(program: str) -> list[str]:
    """Which unwanted modules a program has loaded when it ends."""
    return _run(program + LIST_UNWANTED)[-1].split()


def _rounds(programs: dict[str, str], workload: str, rounds: int, series: Series) -> None:
    # The first round writes and reads the caches of compiled modules, and does not count.
    for number in range(rounds + 1):
        for name, program in programs.items():
            figures = _measure(program)
            if number:
                series.add(workload, name, figures)


def _measure(program: str) -> dict[str, float]:
    before = time.perf_counter()
    lines = _run(PREAMBLE + program + REPORT)
    took = time.perf_counter() - before
    start, end, peak = map(float, lines[-1].split())
    return {
        "ms": took * 1e3,
        "cpu_ms": end * 1e3,
        "import_cpu_ms": (end - start) * 1e3,
        "rss_mb": peak / 1024,
    }


def _run(program: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        timeout=LIMIT,
        check=False,
    )
    if done.returncode != 0:
        raise ProgramFailed("\n".join(done.stderr.strip().splitlines()[-15:]))
    return done.stdout.split("\n")[:-1]
