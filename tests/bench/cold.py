"""W5: processes that import a client, connect, make one call and end; and what the imports alone cost.

A program says on its last line what it used: CPU since it began, CPU of the interpreter's start, and the peak of its
memory from /proc (the kernel's maximum from getrusage survives exec and would be that of this process).
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from tests.bench.fleet import Pair
from tests.bench.plan import Plan
from tests.bench.programs import run
from tests.bench.series import Series

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
import rpcgen.runtime.drivers.zeromq.aio.client
"""
#: Parts of code generation and of the other driver, which a client must not load.
UNWANTED = ("jinja2", "yaml", "jsonschema", "click", "rich", "kombu", "redis")
LIST_UNWANTED = f"""
import sys
print(*sorted(set({UNWANTED!r}) & set(sys.modules)))
"""


def measure(pairs: list[Pair], plan: Plan, series: Series) -> None:
    """First calls, in interleaved rounds."""
    texts = {"python -c pass": "pass\n"}
    texts |= {pair.name: pair.cold for pair in pairs if pair.cold}
    _rounds(texts, plan.cold_rounds, series)


def measure_imports(stubs: Path, plan: Plan, series: Series) -> None:
    """What importing a generated client and its driver costs, against importing the bare libraries."""
    texts = {
        "imports of the bare stack": BARE_IMPORTS,
        "imports of an rpcgen client": CLIENT_IMPORTS.format(stubs=str(stubs)),
    }
    _rounds(texts, 2 * plan.cold_rounds + 1, series)


def unwanted(text: str) -> list[str]:
    """Which unwanted modules a program has loaded when it ends."""
    return _last_line(text + LIST_UNWANTED).split()


def _rounds(texts: dict[str, str], rounds: int, series: Series) -> None:
    # The first round writes the bytecode and fills the file system's cache, and does not count.
    for number in range(rounds + 1):
        for name, text in texts.items():
            figures = _measure(text)
            if number:
                series.add("W5", name, figures)


def _measure(text: str) -> dict[str, float]:
    before = time.perf_counter()
    line = _last_line(PREAMBLE + text + REPORT)
    took = time.perf_counter() - before
    start, end, peak = map(float, line.split())
    return {
        "ms": took * 1e3,
        "cpu_ms": end * 1e3,
        "import_cpu_ms": (end - start) * 1e3,
        "rss_mb": peak / 1024,
    }


def _last_line(text: str) -> str:
    return run([sys.executable, "-c", text]).split("\n")[-2]
