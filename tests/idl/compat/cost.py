"""What `rpcgen check` costs as a user runs it: processor seconds beyond the interpreter's own, best of several rounds.

`python -m tests.idl.compat.cost` prints them. Knows no limit.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
from pathlib import Path

from rpcgen.idl import Version
from rpcgen.idl.compat import view_at
from rpcgen.idl.compat.lock import lock_text

from tests.bench.programs import environment
from tests.idl.compat.big import RELEASES, interface_of_size, text_of_size

#: Work that is the same everywhere, to compare machines by: what Python does most of the time.
CALIBRATION = """
class Part:
    def __init__(self, name): self.name = name
    def same(self, other): return self.name == other.name
kept = {}
for number in range(600_000):
    part = Part(str(number % 5_000))
    if part.name not in kept or not kept[part.name].same(part):
        kept[part.name] = part
"""


def measure(rounds: int = 5) -> dict[str, float]:
    """Seconds of each, taken in turn: `calibration`, `twenty releases`, `unchanged`."""
    with tempfile.TemporaryDirectory(prefix="rpcgen-cost-") as name:
        checks = {
            "twenty releases": _project(Path(name) / "changed", RELEASES),
            "unchanged": _project(Path(name) / "unchanged", RELEASES + 1),
        }
        check = ["-m", "rpcgen.cli", "check", "big.yaml"]
        runs = {"start": (["-c", "pass"], name), "calibration": (["-c", CALIBRATION], name)}
        runs |= {what: (check, str(folder)) for what, folder in checks.items()}
        best = dict.fromkeys(runs, float("inf"))
        for _ in range(rounds):
            for what, (arguments, folder) in runs.items():
                best[what] = min(best[what], _seconds(arguments, folder))
    start = best.pop("start")
    return {what: seconds - start for what, seconds in best.items()}


def _project(folder: Path, releases: int) -> Path:
    """A project with 100 methods, 60 types and some releases of its interface."""
    interface = interface_of_size(100, 60)
    lock = folder / "rpcgen.lock" / interface.name
    lock.mkdir(parents=True)
    (folder / "big.yaml").write_text(text_of_size(100, 60))
    for minor in range(releases):
        version = Version(1, minor)
        kept = interface if version == interface.version else view_at(interface, version)
        (lock / f"{version}.json").write_text(lock_text(kept))
    return folder


def _seconds(arguments: list[str], folder: str) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [sys.executable, *arguments]
    subprocess.run(command, cwd=folder, env=environment(), check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


if __name__ == "__main__":
    for what, seconds in measure().items():
        print(f"rpcgen check, {what}: {seconds:.3f} s of CPU beyond interpreter start")
