"""A program that forks while calls are under way, as servers do that work in children."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import wait
from typing import IO, Any

import msgspec
from rpcgen.runtime import ConfigurationError

from tests.chaos.asking import Asker

#: Calls of the parent that end before it forks, and of as many that begin after.
CALLS = 500
#: Calls of the parent that are under way when it forks.
UNDER_WAY = 60
#: Children, and calls that each makes by a client of its own.
CHILDREN = 3
OWN = 10

Child = Callable[[int], dict[str, Any]]


def fork(asker: Asker, *, how: str, again: Callable[[str], Asker]) -> None:
    """Say `ready` with calls under way, and fork when stdin ends: what the children are told, and do."""
    wait([asker.start(timeout=10.0) for _ in range(CALLS)])
    under_way = [asker.start(seconds=1.0, timeout=10.0) for _ in range(UNDER_WAY)]
    print("ready", flush=True)
    sys.stdin.read()
    children = HOW[how](lambda number: _child(asker, again, number))
    following = [asker.start(timeout=10.0) for _ in range(CALLS)]
    still = sum(not call.done() for call in under_way)
    measured = {"children": list(children), "under_way": still}
    wait([*under_way, *following])
    print(msgspec.json.encode(measured).decode(), flush=True)


def _child(asker: Asker, again: Callable[[str], Asker], number: int) -> dict[str, Any]:
    began = time.monotonic()
    told = "nothing"
    try:
        result = asker.client.work(ticket=f"child-{number}")
        if asyncio.iscoroutine(result):
            asyncio.run(result)
    except ConfigurationError as error:
        told = type(error).__name__
    after = time.monotonic() - began
    with again(f"own{number}") as own:
        good = [own.ask(timeout=5.0).outcome for _ in range(OWN)].count("ok")
    return {"told": told, "after": after, "own": good}


def _by_os(child: Child) -> Iterator[dict[str, Any]]:
    """Children by `os.fork`, one after the other; what each says."""
    pipes: list[tuple[int, IO[bytes]]] = []
    for number in range(CHILDREN):
        reading, writing = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.write(writing, msgspec.json.encode(child(number)))
            os._exit(0)
        os.close(writing)
        pipes.append((pid, os.fdopen(reading, "rb")))
    return map(_heard, pipes)


def _heard(child: tuple[int, IO[bytes]]) -> dict[str, Any]:
    pid, pipe = child
    with pipe:
        said: dict[str, Any] = msgspec.json.decode(pipe.read())
    os.waitpid(pid, 0)
    return said


def _by_multiprocessing(child: Child) -> Iterator[dict[str, Any]]:
    """Children of multiprocessing, which end as interpreters do; what each says."""
    context = multiprocessing.get_context("fork")
    said = context.SimpleQueue()
    processes = [
        context.Process(target=lambda number=number: said.put(child(number)))
        for number in range(CHILDREN)
    ]
    for process in processes:
        process.start()
    return (said.get() for _ in processes)


HOW: dict[str, Callable[[Child], Iterator[dict[str, Any]]]] = {
    "os.fork": _by_os,
    "multiprocessing": _by_multiprocessing,
}
