"""One side of one adapter, as a process: `python -m tests.bench.worker SIDE ADAPTER TRANSPORT PORT DIRECTORY STUBS`.

Talks JSON lines with `fleet.py`: commands on stdin, one answer each on stdout. Whatever a library prints goes to
stderr. Ends when stdin does, so that nothing outlives the benchmark.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import IO, Any, cast

from tests.bench.adapter import AdapterModule, Done, Load, NamedLoad, Spot, Tally, Transport


class Line:
    """The connection to `fleet.py`."""

    def __init__(self) -> None:
        self._out: IO[str] = os.fdopen(os.dup(1), "w", buffering=1)
        os.dup2(2, 1)

    def say(self, **answer: object) -> None:
        self._out.write(json.dumps(answer) + "\n")

    def commands(self) -> Iterator[dict[str, Any]]:
        for line in sys.stdin:
            yield json.loads(line)


def main() -> None:
    side, name, transport, port, directory, stubs = sys.argv[1:]
    line = Line()
    spot = Spot(cast("Transport", transport), int(port), Path(directory), Path(stubs))
    sys.path.insert(0, stubs)
    try:
        adapter = cast("AdapterModule", import_module(f"tests.bench.adapters.{name}"))
    except ImportError as error:
        line.say(missing=str(error))
        return
    if side == "server":
        _serve(adapter, spot, line)
    else:
        _drive(adapter, spot, line)


def _serve(adapter: AdapterModule, spot: Spot, line: Line) -> None:
    """Serve in the main thread; answer from another one."""

    def answer() -> None:
        for _ in line.commands():
            line.say(cpu=time.process_time())
        os._exit(0)

    threading.Thread(target=answer, daemon=True).start()
    adapter.serve(spot, Tally(ready=lambda: line.say(ready=True)))


def _drive(adapter: AdapterModule, spot: Spot, line: Line) -> None:
    load = adapter.load(spot)
    load.check()
    line.say(workloads=list(load.workloads), cold=adapter.cold(spot))
    for command in line.commands():
        line.say(**_measure(load, command["workload"], command["seconds"]))
    load.close()
    # A library's own threads must not keep the process.
    os._exit(0)


def _measure(load: Load | NamedLoad, workload: str, seconds: float) -> dict[str, object]:
    before = time.process_time()
    if workload == "W1" and not isinstance(load, NamedLoad):
        took = sorted(load.unary(seconds))
        answer: dict[str, object] = {
            "calls": len(took),
            "rate": len(took) / (sum(took) / 1e9),
            "p50": took[len(took) // 2] / 1e3,
            "p99": took[len(took) * 99 // 100] / 1e3,
        }
    else:
        done = _run(load, workload, seconds)
        answer = {"calls": done.calls, "rate": done.calls / done.seconds, **done.figures}
    answer["cpu"] = time.process_time() - before
    return answer


def _run(load: Load | NamedLoad, workload: str, seconds: float) -> Done:
    if isinstance(load, NamedLoad):
        return load.run(workload, seconds)
    return {"W2": load.small, "W3": load.objects, "W4": load.casts}[workload](seconds)


if __name__ == "__main__":
    main()
