"""A program that fills outboxes: `python -m tests.runtime.outbox.filler DIRECTORY`.

For each line `WORLD URL` that it reads it forks a process, which says its id and then casts until it is killed: the id and the
ticket of each message once the cast has returned. When that is gone, it says `gone`.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

from tests.packages import import_from

#: Casts that an asyncio process has under way.
TOGETHER = 20


def say(text: str) -> None:
    """A line, at once and whole, whatever happens to us next."""
    os.write(1, f"{text}\n".encode())


def tickets() -> Iterator[str]:
    return (f"{os.getpid()}.{number}" for number in count())


def blocking(keep: Any, url: str) -> None:
    client = keep.KeepClient(url)
    for ticket in tickets():
        say(f"{client.order(ticket=ticket).id.hex()} {ticket}")


async def together(keep: Any, url: str) -> None:
    client = keep.AsyncKeepClient(url)
    numbered = tickets()

    async def cast() -> None:
        for ticket in numbered:
            say(f"{(await client.order(ticket=ticket)).id.hex()} {ticket}")

    await asyncio.gather(*(cast() for _ in range(TOGETHER)))


def main() -> None:
    keep = import_from(Path(sys.argv[1]), "test_keep")
    for line in sys.stdin:
        world, url = line.split()
        child = os.fork()
        if child == 0:
            say(str(os.getpid()))
            if world == "asyncio":
                asyncio.run(together(keep, url))
            blocking(keep, url)
        os.waitpid(child, 0)
        say("gone")


if __name__ == "__main__":
    main()
