"""A server and its client in one process, which forks.

Run as `python -m tests.conformance.fork_lab WORLD DIRECTORY SERVING CALLING`: the URLs of the server and of its clients. The
child leaves by the end of every block that its parent has entered. Prints how it ended, and what calls return then.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from collections.abc import Coroutine
from pathlib import Path
from types import ModuleType

from rpcgen.runtime import AsyncServer, Server

from tests.conformance.lab import Bench, async_endpoint, endpoint
from tests.packages import import_from

#: Seconds that the child may take.
LIMIT = 10.0


def main(world: str, directory: str, serving: str, calling: str) -> None:
    lab = import_from(Path(directory), "test_lab")
    if world == "asyncio":
        asyncio.run(alone(in_a_loop(lab, serving, calling)))
        return
    with (
        Server(serving, server="s1", endpoints=[endpoint(lab, Bench(), "s1")]),
        lab.LabClient(calling) as client,
    ):
        client.add(a=1)
        status = ended(forked())
        with lab.LabClient(calling) as new:
            print(status, client.add(a=1), new.add(a=2))


async def alone(life: Coroutine[None, None, None]) -> None:
    """End a child before it closes the loop: asyncio would take from the parent's what wakes it."""
    try:
        await life
    except SystemExit as left:
        os._exit(int(left.code or 0))


async def in_a_loop(lab: ModuleType, serving: str, calling: str) -> None:
    """The same on a loop, of which the child has a copy."""
    async with (
        AsyncServer(serving, server="s1", endpoints=[async_endpoint(lab, Bench(), "s1")]),
        lab.AsyncLabClient(calling) as client,
    ):
        await client.add(a=1)
        status = await asyncio.to_thread(ended, forked())
        async with lab.AsyncLabClient(calling) as new:
            print(status, await client.add(a=1), await new.add(a=2))


def forked() -> int:
    """A child that leaves at once."""
    pid = os.fork()
    if pid == 0:
        sys.exit(7)
    return pid


def ended(pid: int) -> int:
    """The exit status of a child, which is killed if it takes too long."""
    end = time.monotonic() + LIMIT
    while True:
        found, status = os.waitpid(pid, os.WNOHANG)
        if found:
            return os.waitstatus_to_exitcode(status)
        if time.monotonic() > end:
            os.kill(pid, signal.SIGKILL)
            end += LIMIT
        time.sleep(0.01)


if __name__ == "__main__":
    main(*sys.argv[1:])
