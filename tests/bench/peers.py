"""The client processes of W10 and W11; each prints one JSON line of figures for each round.

`python -m tests.bench.peers servers STUBS FEW_URL MANY_URL COUNT ROUNDS IDLE` waits for a line on stdin before each fanout,
and after it, while its parent counts the casts that arrived. `python -m tests.bench.peers calls STUBS URL CALLS ROUNDS` needs nothing of it. Knows the
driver's `peer` from inside: it is what choosing a server is.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import resource
import sys
import time
from importlib import import_module
from typing import Any

from tests.memory import peak

KIB = 1024
#: Seconds after which what a client has sent while it connected has arrived.
SETTLED = 0.3
CHOICES = 20_000


def rss() -> int:
    """Bytes that this process holds now."""
    with open("/proc/self/statm", encoding="ascii") as statm:
        return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def fds() -> int:
    return len(os.listdir("/proc/self/fd"))


def say(**figures: object) -> None:
    print(json.dumps(figures), flush=True)


async def servers(few_url: str, many_url: str, count: int, rounds: int, idle: float) -> None:
    """Connect to few servers, then to many; choose, tell all, and do nothing."""
    package = import_module("bench_scale")
    async with (
        package.AsyncScaleClient(few_url) as few,
        package.AsyncScaleClient(many_url) as many,
    ):
        await few.work(slow=False)
        await few.tell(number=0)
        grown, opened, began, cpu = rss(), fds(), time.perf_counter(), time.process_time()
        await _everybody(many, count)
        connected = {
            "connect_ms": (time.perf_counter() - began) * 1e3,
            "connect_cpu_ms": (time.process_time() - cpu) * 1e3,
        }
        gc.collect()
        connected["peer_kib"] = (rss() - grown) / count / KIB
        connected["peer_fds"] = (fds() - opened) / count
        for _ in range(rounds):
            found = {**_choices(few, many), **await _told(many, count)}
            say(**connected, **found, **await _idle(idle))


async def _everybody(client: Any, count: int) -> None:
    """Connect to every server: a fanout reaches as many as answer within the time of a cast, and goes on meanwhile."""
    for _ in range(10):
        sent = await client.tell(number=0)
        if len(sent.peers) >= count:
            return
    raise SystemExit(f"connected to {len(sent.peers)} of {count} servers: {sent.refused[:3]}")


def _choices(few: Any, many: Any) -> dict[str, float]:
    """Nanoseconds to choose one of few and one of many, in turn; the medians."""
    found: dict[str, list[float]] = {"few": [], "many": []}
    for _ in range(15):
        for name, client in (("few", few), ("many", many)):
            found[name].append(_choose(client))
    few_ns, many_ns = (sorted(found[name])[7] for name in ("few", "many"))
    return {"few_ns": few_ns, "choice_ns": many_ns, "choice_ratio": many_ns / few_ns}


def _choose(client: Any) -> float:
    from rpcgen.runtime import Target

    peer, target = client._transport._driver.peer, Target("bench", "scale")
    before = time.perf_counter()
    for _ in range(CHOICES):
        peer(target)
    return (time.perf_counter() - before) / CHOICES * 1e9


async def _told(client: Any, count: int) -> dict[str, float]:
    """Cast to everybody; the parent says when all have it."""
    loop = asyncio.get_running_loop()
    await asyncio.sleep(SETTLED)
    say(ready=True)
    await loop.run_in_executor(None, sys.stdin.readline)
    cpu, began = time.process_time(), time.perf_counter()
    sent = await client.tell(number=1)
    took = time.perf_counter() - began
    say(began=time.time() - took)
    await loop.run_in_executor(None, sys.stdin.readline)
    return {
        "fanout_ms": took * 1e3,
        "fanout_cpu_ms": (time.process_time() - cpu) * 1e3,
        "refused": count - len(sent.peers),
    }


async def _idle(seconds: float) -> dict[str, float]:
    """Milliseconds of CPU in each second of doing nothing: heartbeats."""
    cpu = time.process_time()
    await asyncio.sleep(seconds)
    return {"idle_cpu_ms": (time.process_time() - cpu) * 1e3 / seconds}


async def calls(url: str, count: int, rounds: int) -> None:
    """So many calls that are all under way before the first is answered."""
    package = import_module("bench_scale")
    async with package.AsyncScaleClient(url) as client:
        for _ in range(rounds):
            began, cpu = time.perf_counter(), time.process_time()
            asked = [client.meet(number=number, expected=count) for number in range(count)]
            found = await asyncio.gather(*asked, return_exceptions=True)
            right = sum(answer == 2 * number + 1 for number, answer in enumerate(found))
            say(
                right=right,
                wrong=count - right,
                seconds=time.perf_counter() - began,
                cpu_s=time.process_time() - cpu,
                rss_mib=peak(),
                fds=fds(),
                failed=sorted({repr(each)[:200] for each in found if isinstance(each, Exception)}),
            )


def main(what: str, stubs: str, *arguments: str) -> None:
    sys.path.insert(0, stubs)
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    if what == "servers":
        few, many, count, rounds, idle = arguments
        asyncio.run(servers(few, many, int(count), int(rounds), float(idle)))
    else:
        url, count, rounds = arguments
        asyncio.run(calls(url, int(count), int(rounds)))


if __name__ == "__main__":
    main(*sys.argv[1:])
