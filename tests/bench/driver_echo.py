"""What the ZeroMQ driver costs over bare pyzmq: `python -m tests.bench.driver_echo [--scheme ipc|tcp] [--rounds N]`.

Client and server are processes of their own; the adapters take turns, and medians over the rounds are compared. One
call at a time (W1) and 64 outstanding (W2), frames of 60 bytes, no codec and no shell: the driver alone.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import zmq
from rpcgen.runtime import Target
from rpcgen.runtime.drivers import zeromq
from rpcgen.runtime.url import parse_url

ROOT = Path(__file__).parents[2]
TOPIC = Target("bench", "echo")
FRAME = b"x" * 60
OUTSTANDING = 64
Measure = tuple[
    list[float], float
]  # seconds of single calls, calls per second with many outstanding


# --- servers ----------------------------------------------------------------------------------------------------------


def serve_raw(address: str) -> None:
    with zmq.Context() as context, context.socket(zmq.ROUTER) as router:
        router.bind(address)
        print("ready", flush=True)
        while True:
            caller = router.recv()
            frame = router.recv()
            router.send(caller, zmq.SNDMORE)
            router.send(frame)


def serve_blocking(url: str) -> None:
    listener = zeromq.listen(parse_url(url), [TOPIC], "bench")
    print("ready", flush=True)
    while True:
        for caller, frame in listener.poll(None):
            listener.send(caller, frame)


def serve_aio(url: str) -> None:
    async def run() -> None:
        listener = zeromq.listen_async(parse_url(url), [TOPIC], "bench")
        listener.arrived = listener.send  # type: ignore[assignment]
        await listener.start()
        print("ready", flush=True)
        await asyncio.Event().wait()

    asyncio.run(run())


# --- clients ----------------------------------------------------------------------------------------------------------


def measure_raw(address: str, seconds: float) -> Measure:
    with zmq.Context() as context, context.socket(zmq.DEALER) as dealer:
        dealer.connect(address)

        def one() -> None:
            dealer.send(FRAME)
            dealer.recv()

        singles = _singles(one, seconds)
        for _ in range(OUTSTANDING):
            dealer.send(FRAME)
        rate = _rate(one, seconds)
        for _ in range(OUTSTANDING):
            dealer.recv()
        return singles, rate


def measure_blocking(url: str, seconds: float) -> Measure:
    client = zeromq.connect(parse_url(url))
    client.route(TOPIC, 5.0)

    def send() -> None:
        peer = client.peer(TOPIC)
        assert peer is not None
        peer.outstanding += 1
        client.send(peer, FRAME)

    def one() -> None:
        send()
        while not (arrivals := client.poll(5.0)):
            pass
        for peer, _ in arrivals:
            peer.outstanding -= 1

    singles = _singles(one, seconds)
    for _ in range(OUTSTANDING):
        send()
    done, began = 0, time.perf_counter()
    while time.perf_counter() - began < seconds:
        for peer, _ in client.poll(5.0):
            peer.outstanding -= 1
            done += 1
            send()
    rate = done / (time.perf_counter() - began)
    client.close()
    return singles, rate


def measure_aio(url: str, seconds: float) -> Measure:
    async def run() -> Measure:
        client = zeromq.connect_async(parse_url(url))
        finished = asyncio.Event()
        singles: list[float] = []
        state = {"single": True, "end": time.perf_counter() + seconds, "sent": 0.0, "done": 0}

        def send() -> None:
            peer = client.peer(TOPIC)
            assert peer is not None
            peer.outstanding += 1
            state["sent"] = time.perf_counter()
            client.send(peer, FRAME)

        def arrived(peer: Any, frame: Any) -> None:
            peer.outstanding -= 1
            now = time.perf_counter()
            if state["single"]:
                singles.append(now - state["sent"])
            state["done"] += 1
            if now < state["end"]:
                send()
            elif peer.outstanding == 0:
                finished.set()

        client.arrived = arrived
        await client.route(TOPIC, 5.0)
        send()
        await finished.wait()
        finished.clear()
        began = time.perf_counter()
        state.update(single=False, end=began + seconds, done=0)
        for _ in range(OUTSTANDING):
            send()
        await finished.wait()
        rate = state["done"] / (time.perf_counter() - began)
        await client.close()
        return singles, rate

    return asyncio.run(run())


def _singles(one: Callable[[], None], seconds: float) -> list[float]:
    for _ in range(200):
        one()
    found: list[float] = []
    end = time.perf_counter() + seconds
    while (began := time.perf_counter()) < end:
        one()
        found.append(time.perf_counter() - began)
    return found


def _rate(one: Callable[[], None], seconds: float) -> float:
    done, began = 0, time.perf_counter()
    while time.perf_counter() - began < seconds:
        one()
        done += 1
    return done / (time.perf_counter() - began)


# --- the run ----------------------------------------------------------------------------------------------------------

ADAPTERS: dict[str, tuple[Callable[[str], None], Callable[[str, float], Measure]]] = {
    "raw": (serve_raw, measure_raw),
    "blocking": (serve_blocking, measure_blocking),
    "aio": (serve_aio, measure_aio),
}


@contextlib.contextmanager
def server(adapter: str, address: str) -> Iterator[None]:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.bench.driver_echo", "--serve", adapter, address],
        cwd=ROOT,
        stdout=subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        yield
    finally:
        process.kill()
        process.communicate()


def addresses(scheme: str, directory: str) -> dict[str, str]:
    if scheme == "tcp":
        raw = {name: f"tcp://127.0.0.1:{21000 + i}" for i, name in enumerate(ADAPTERS)}
        return {name: url if name == "raw" else f"zmq+{url}" for name, url in raw.items()}
    return {
        name: f"ipc://{directory}/raw" if name == "raw" else f"zmq+ipc://{directory}/{name}"
        for name in ADAPTERS
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--serve", nargs=2, help=argparse.SUPPRESS)
    parser.add_argument("--scheme", choices=("ipc", "tcp"), default="ipc")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=0.5)
    args = parser.parse_args()
    if args.serve:
        ADAPTERS[args.serve[0]][0](args.serve[1])
        return
    results: dict[str, list[tuple[float, float, float, float]]] = {name: [] for name in ADAPTERS}
    with tempfile.TemporaryDirectory() as directory, contextlib.ExitStack() as stack:
        urls = addresses(args.scheme, directory)
        for name, url in urls.items():
            stack.enter_context(server(name, url))
        for _ in range(args.rounds):
            for name, (_, measure) in ADAPTERS.items():
                before = sum(os.times()[:2])
                singles, rate = measure(urls[name], args.seconds)
                cpu = sum(os.times()[:2]) - before
                quantiles = statistics.quantiles(singles, n=100)
                results[name].append((quantiles[49] * 1e6, quantiles[98] * 1e6, rate, cpu))
    base = [statistics.median(column) for column in zip(*results["raw"], strict=True)]
    print(f"{args.scheme:10} {'p50 us':>8} {'x raw':>6} {'p99 us':>8} {'calls/s':>9} {'x raw':>6}")
    for name, rows in results.items():
        p50, p99, rate, _ = (statistics.median(column) for column in zip(*rows, strict=True))
        print(
            f"{name:10} {p50:8.1f} {p50 / base[0]:6.2f} {p99:8.1f} {rate:9.0f} {rate / base[2]:6.2f}"
        )


if __name__ == "__main__":
    main()
