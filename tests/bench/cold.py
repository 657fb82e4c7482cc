"""W5: processes that import a client, connect, make one call and end; and what the imports alone cost.

Each runs where only its library is installed, and what that requires (`installed.py`).

A program says on its last line what it used: CPU since it began, CPU of the interpreter's start, and the peak of its
memory from /proc (the kernel's maximum from getrusage survives exec and would be that of this process).
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Final

from tests.bench.fleet import Pair
from tests.bench.installed import OURS, Installed
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
UNWANTED = ("jinja2", "yaml", "click", "rich", "kombu", "redis")
LIST_UNWANTED = f"""
import sys
print(*sorted(set({UNWANTED!r}) & set(sys.modules)))
"""

#: What those install who write the program of an adapter.
LIBRARIES: Final = {
    "aio_pika": ("aio-pika",),
    "grpc_aio": ("grpcio", "protobuf"),
    "grpc_sync": ("grpcio", "protobuf"),
    "oslo_blocking": ("oslo.messaging",),
    "py_amqp": ("amqp",),
    "rpcgen_aio": (OURS,),
    "rpcgen_blocking": (OURS,),
    "thriftpy2": ("thriftpy2",),
    "zmq_msgspec": ("pyzmq", "msgspec"),
}


def measure(pairs: list[Pair], installed: Installed, plan: Plan, series: Series) -> None:
    """First calls, in interleaved rounds."""
    programs = {"python -c pass": (installed.python(), "pass\n")}
    for pair in pairs:
        if pair.cold:
            programs[pair.name] = (installed.python(*LIBRARIES[pair.name]), pair.cold)
    _rounds(programs, plan.cold_rounds, series)


def measure_imports(stubs: Path, installed: Installed, plan: Plan, series: Series) -> None:
    """What importing a generated client and its driver costs, against importing the bare libraries."""
    python = installed.python(OURS)
    programs = {
        "imports of the bare stack": (python, BARE_IMPORTS),
        "imports of an rpcgen client": (python, CLIENT_IMPORTS.format(stubs=str(stubs))),
    }
    _rounds(programs, plan.cold_rounds, series)


def unwanted(text: str, installed: Installed) -> list[str]:
    """Which unwanted modules a program of ours has loaded when it ends."""
    return _last_line(installed.python(OURS), text + LIST_UNWANTED).split()


def _rounds(programs: dict[str, tuple[str, str]], rounds: int, series: Series) -> None:
    # The first round writes the bytecode and fills the file system's cache, and does not count.
    for number in range(rounds + 1):
        for name, (python, text) in programs.items():
            figures = _measure(python, text)
            if number:
                series.add("W5", name, figures)


def _measure(python: str, text: str) -> dict[str, float]:
    before = time.perf_counter()
    line = _last_line(python, PREAMBLE + text + REPORT)
    took = time.perf_counter() - before
    start, end, peak = map(float, line.split())
    return {
        "ms": took * 1e3,
        "cpu_ms": end * 1e3,
        "import_cpu_ms": (end - start) * 1e3,
        "rss_mb": peak / 1024,
    }


def _last_line(python: str, text: str) -> str:
    # Isolated: neither the folder that we are in nor PYTHONPATH adds to what is installed.
    return run([python, "-I", "-c", text]).split("\n")[-2]
