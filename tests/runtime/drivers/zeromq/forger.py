"""A server process that answers every request with forged answers first: other ids, other kinds, for other servers.

Run as `python -m tests.runtime.drivers.zeromq.forger URL TOPIC COUNT`; prints `ready` when it serves. The one true answer,
the text `done`, comes last, and twice.
"""

from __future__ import annotations

import os
import sys
import threading

import msgspec
from rpcgen.runtime import Target
from rpcgen.runtime.deliveries import Caller
from rpcgen.runtime.drivers import zeromq
from rpcgen.runtime.url import parse_url

REPLY = 2
FAILURE = 3


def main() -> None:
    url, topic, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
    encode = msgspec.msgpack.Encoder().encode
    listener = zeromq.listen(parse_url(url), [Target("test", topic)], "forger")

    def answer(caller: Caller, *parts: object) -> None:
        while not listener.send(caller, encode(parts)):
            threading.Event().wait(0.0005)  # it has not read what it has

    print("ready", flush=True)
    while True:
        for caller, frame in listener.poll(None):
            request = msgspec.msgpack.decode(frame)
            for number in range(count):
                if number % 2:
                    answer(caller, FAILURE, os.urandom(16), "Forged", "forged", {})
                else:
                    answer(caller, REPLY, os.urandom(16), "forged")
            for _ in range(2):
                answer(caller, REPLY, request[1], "done")


if __name__ == "__main__":
    main()
