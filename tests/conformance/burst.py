"""A program that casts, and goes at once: `python -m tests.conformance.burst DIRECTORY URL WORLD COUNT SIZE HOW`.

It prints how many casts returned, and then closes its client, or ends without. After closing it prints how many are
counted as dropped. `run` does that.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from rpcgen.runtime import AsyncTransport, NotSent, Transport

from tests.packages import import_from

ROOT = Path(__file__).parents[2]

#: Seconds that it casts for at most.
LONGEST = 5.0


def burst(lab: Any, url: str, count: int, text: str, *, closes: bool) -> None:
    transport = Transport(url)
    client = lab.LabClient(transport)
    taken, end = 0, time.monotonic() + LONGEST
    client.prepare(timeout=LONGEST).report()
    while taken < count and time.monotonic() < end:
        try:
            client.note(text=text)
        except NotSent:
            time.sleep(0.001)  # there is no room: it is another program's turn
        else:
            taken += 1
    print(taken, flush=True)
    if closes:
        transport.close()
        print(transport.counters.dropped, flush=True)
    else:
        KEPT.append(transport)


async def async_burst(lab: Any, url: str, count: int, text: str, *, closes: bool) -> None:
    transport = AsyncTransport(url)
    client = lab.AsyncLabClient(transport)
    taken, end = 0, time.monotonic() + LONGEST
    await client.prepare(timeout=LONGEST).report()
    while taken < count and time.monotonic() < end:
        try:
            await client.note(text=text)
        except NotSent:
            await asyncio.sleep(0.001)
        else:
            taken += 1
    print(taken, flush=True)
    if closes:
        await transport.close()
        print(transport.counters.dropped, flush=True)
    else:
        KEPT.append(transport)


@dataclass(frozen=True, slots=True)
class Ended:
    """What became of a program.

    Attributes:
        taken: casts that returned.
        dropped: of them, those that its client counted when it was closed; 0 if it was not.
        took: seconds from the last cast to the end of the process.
        log: what it wrote to stderr.
    """

    taken: int
    dropped: int
    took: float
    log: str


def run(lab: ModuleType, url: str, world: str, count: int, size: int, how: str) -> Ended:
    """Run the program in a process of its own; `how` is `closed` or `left`."""
    directory = Path(str(lab.__file__)).parents[1]
    command = [sys.executable, "-m", "tests.conformance.burst", str(directory), url, world]
    with subprocess.Popen(
        [*command, str(count), str(size), how],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as program:
        assert program.stdout is not None
        assert program.stderr is not None
        taken = int(program.stdout.readline())
        began = time.monotonic()
        dropped = program.stdout.read() or "0"
        took = time.monotonic() - began
        log = program.stderr.read()
        assert program.wait(10.0) == 0, log
    return Ended(taken, int(dropped), took, log)


#: What is open when the interpreter ends.
KEPT: list[Any] = []


def main(directory: str, url: str, world: str, count: str, size: str, how: str) -> None:
    lab = import_from(Path(directory), "test_lab")
    if world == "blocking":
        burst(lab, url, int(count), "x" * int(size), closes=how == "closed")
    else:
        asyncio.run(async_burst(lab, url, int(count), "x" * int(size), closes=how == "closed"))


if __name__ == "__main__":
    main(*sys.argv[1:])
