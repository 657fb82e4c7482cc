"""Client programs of the chaos rows, as processes: `python -m tests.chaos.programs ORDERS`.

The orders are JSON, and name the program. What a program measures it prints as one line of JSON. Every call is written
down before it is made, and when it has ended.
"""

from __future__ import annotations

import asyncio
import random as randomness
import signal
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, wait
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec
from rpcgen.runtime import RpcgenError

from tests.chaos import clocks, remote
from tests.chaos.asking import Asker
from tests.chaos.cycles import crowd, cycle
from tests.chaos.errands import PACKAGE
from tests.chaos.forks import fork
from tests.chaos.journal import Ended, Journal
from tests.conformance.waiting import eventually
from tests.packages import import_from


def load(
    asker: Asker,
    *,
    callers: int,
    seconds: float,
    may: tuple[str, ...] = ("ok",),
    keeps: bool = False,
) -> None:
    """Call and cast until stdin ends; half of the casts are kept, if the transport keeps any."""
    stop = threading.Event()
    may = tuple(may)

    def run(which: int) -> None:
        number = which
        while not stop.is_set():
            number += 1
            if number % 4:
                asker.ask(seconds=seconds if number % 2 else 0.0, timeout=10.0, may=may)
            else:
                kind = "keep" if keeps and number % 8 else "note"
                asker.ask(kind, timeout=10.0, may=may)
            stop.wait(0.02)

    threads = [threading.Thread(target=run, args=(n,)) for n in range(callers)]
    for thread in threads:
        thread.start()
    print("ready", flush=True)
    sys.stdin.read()
    stop.set()
    for thread in threads:
        thread.join()


def calls(asker: Asker, *, count: int, seconds: float, timeout: float) -> None:
    """Have so many calls under way, and say `ready`; end when they have."""
    running = [asker.start(seconds=seconds, timeout=timeout) for _ in range(count)]
    print("ready", flush=True)
    wait(running)


def leave(asker: Asker, *, world: str, close: bool, casts: bool) -> None:
    """Have a call under way, and casts if they can leave, when stdin ends; then go, with or without closing."""

    def call() -> None:
        with suppress(RpcgenError):
            asker.client.prepare(timeout=30.0).work(ticket="left", seconds=20.0)

    def cast() -> None:
        with suppress(RpcgenError):
            while casts:
                asker.client.note(ticket="left")
                time.sleep(0.001)

    async def async_cast() -> None:
        with suppress(RpcgenError):
            while casts:
                await asker.client.note(ticket="left")
                await asyncio.sleep(0.001)

    if world == "blocking":  # on threads that the interpreter does not wait for
        threading.Thread(target=call, daemon=True).start()
        threading.Thread(target=cast, daemon=True).start()
    else:
        asker.start(seconds=20.0, timeout=30.0)
        asker.spawn(async_cast())
    print("ready", flush=True)
    sys.stdin.read()
    if close:
        asker.close()


def cancel(asker: Asker, *, count: int, following: int) -> None:
    """Cancel calls at random moments, then call."""
    random = randomness.Random(1)
    running: list[Future[Ended]] = []
    cancelled = 0
    for _ in range(count):
        running.append(asker.start(seconds=0.002, timeout=20.0, may=("ok", "cancelled")))
        if random.random() < 0.1:
            time.sleep(random.random() * 0.006)  # the moment is random
            for call in running:
                cancelled += call.cancel()
            running.clear()
    wait(running)
    good = [asker.start(timeout=20.0) for _ in range(following)]
    wait(good)
    pending = len(asker.transport._calls.pending)
    measured = {"pending": pending, "cancelled": cancelled, "following": len(good)}
    print(msgspec.json.encode(measured).decode(), flush=True)


def give_up(asker: Asker, *, world: str, servers: list[str], seconds: float) -> None:
    """Have one call after the other under way, and give each up when a signal comes; then say what is left."""
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background ignores it
    for server in servers:
        with suppress(KeyboardInterrupt):
            if world == "blocking":
                asker.here("linger", server=server, timeout=seconds, seconds=seconds)
            else:
                _cancelled(asker, server, seconds)
    pending = asker.transport._calls.pending
    with suppress(AssertionError):
        eventually(lambda: not pending, 1.0)
    cancelled = asker.counters()["cancelled"]
    print(
        msgspec.json.encode({"pending": len(pending), "cancelled": cancelled}).decode(), flush=True
    )


def _cancelled(asker: Asker, server: str, seconds: float) -> None:
    asked = threading.Event()
    signal.signal(signal.SIGINT, lambda *_: asked.set())
    call = asker.start(
        "linger", server=server, timeout=seconds, may=("cancelled",), seconds=seconds
    )
    asked.wait()
    call.cancel()


def storm(asker: Asker, *, seconds: float, servers: list[str]) -> None:
    """Call servers of which some are dead, from several threads, all the time."""
    end = time.monotonic() + seconds
    ended: list[Ended] = []

    def run(server: str) -> None:
        while time.monotonic() < end:
            ended.append(asker.ask(server=server, timeout=1.0, may=("ok", "not_sent")))

    threads = [threading.Thread(target=run, args=(server,)) for server in servers * 4]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    good = sum(call.outcome == "ok" for call in ended)
    print(msgspec.json.encode({"calls": len(ended), "good": good}).decode(), flush=True)


def pace(
    asker: Asker, *, rate: float, seconds: float, work: float, may: tuple[str, ...] = ("ok",)
) -> None:
    """Begin so many calls a second, whatever becomes of them; say `ready`, and in the end how long the good ones took."""
    asker.ask()
    print("ready", flush=True)
    began = time.monotonic()
    running: list[Future[Ended]] = []
    while (now := time.monotonic()) < began + seconds:
        while len(running) < rate * (now - began):
            running.append(asker.start(seconds=work, timeout=10.0, may=tuple(may)))
        time.sleep(0.002)  # the pace of what is offered
    ended = [call.result(20.0) for call in running]
    good = sorted(call.took for call in ended if call.outcome == "ok")
    measured = {
        "calls": len(ended),
        "good": len(good),
        "median": good[len(good) // 2],
        "p99": good[int(len(good) * 0.99)],
    }
    print(msgspec.json.encode(measured).decode(), flush=True)


PROGRAMS: dict[str, Callable[..., None]] = {
    "load": load,
    "calls": calls,
    "leave": leave,
    "fork": fork,
    "cancel": cancel,
    "give_up": give_up,
    "crowd": crowd,
    "cycle": cycle,
    "asker": remote.asker,
    "storm": storm,
    "pace": pace,
}


def main(text: str) -> None:
    """Run one program."""
    clocks.adjust()
    orders: dict[str, Any] = msgspec.json.decode(text)
    package: Any = import_from(Path(orders.pop("directory")), PACKAGE)
    program, journal = PROGRAMS[orders.pop("program")], Journal(Path(orders.pop("journal")))
    url, client, world = (orders.pop(name) for name in ("url", "client", "world"))

    def again(name: str) -> Asker:
        return Asker(package, url, name, world, journal)

    if program is fork:
        orders["again"] = again
    if program is cycle:

        def of(kind: str, name: str) -> Asker:
            return Asker(package, url, name, kind, journal)

        cycle(package, url, of, **orders)
        return
    if program is leave:
        leave(again(client), world=world, **orders)
        return
    if program is give_up:
        orders["world"] = world
    with again(client) as asker:
        program(asker, **orders)


if __name__ == "__main__":
    main(*sys.argv[1:])
