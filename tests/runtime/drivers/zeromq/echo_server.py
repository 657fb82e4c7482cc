"""A server process for the tests: sends every frame back; does what its standard input says.

Run as `python -m tests.runtime.drivers.zeromq.echo_server WORLD URL NAME TOPIC...`; prints `ready` when it serves.
Commands: `withdraw`, `close`. A frame that begins with `slow:` is never answered; after `nap:SECONDS` nothing is read for
so long.
"""

from __future__ import annotations

import asyncio
import sys
import threading
import time

from rpcgen.runtime import Target
from rpcgen.runtime.drivers import zeromq
from rpcgen.runtime.url import TransportUrl, parse_url


def nap(frame: bytes) -> None:
    if frame.startswith(b"nap:"):
        time.sleep(float(frame[4:]))


def serve_blocking(url: TransportUrl, name: str, targets: list[Target]) -> None:
    listener = zeromq.listen(url, targets, name)
    stopped = threading.Event()

    def answer() -> None:
        while not stopped.is_set():
            for caller, frame in listener.poll(None):
                nap(frame)
                if not frame.startswith(b"slow:"):
                    listener.send(caller, frame)

    thread = threading.Thread(target=answer)
    thread.start()
    print("ready", *listener.addresses, flush=True)
    for line in sys.stdin:
        if line == "withdraw\n":
            listener.withdraw()
            print("withdrawn", flush=True)
        else:
            break
    stopped.set()
    listener.wake()
    thread.join()
    listener.close()
    print("closed", flush=True)


async def serve_asyncio(url: TransportUrl, name: str, targets: list[Target]) -> None:
    listener = zeromq.listen_async(url, targets, name)

    def answer(caller: object, frame: bytes) -> None:
        nap(frame)
        if not frame.startswith(b"slow:"):
            listener.send(caller, frame)

    listener.arrived = answer
    listener.unsent = lambda: None  # a client that was reset takes no answer
    await listener.start()
    print("ready", *listener.addresses, flush=True)
    while await asyncio.to_thread(sys.stdin.readline) == "withdraw\n":
        await listener.withdraw()
        print("withdrawn", flush=True)
    await listener.close()
    print("closed", flush=True)


def main() -> None:
    world, url, name, *topics = sys.argv[1:]
    targets = [Target("test", topic) for topic in topics]
    if world == "blocking":
        serve_blocking(parse_url(url), name, targets)
    else:
        asyncio.run(serve_asyncio(parse_url(url), name, targets))


if __name__ == "__main__":
    main()
