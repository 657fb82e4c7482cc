"""A client process for the tests: asks once, and does not look what comes before it is told to.

Run as `python -m tests.runtime.drivers.zeromq.nap_client URL`; prints `found`, waits for a line, asks, prints `asked`,
waits for a line, asks until somebody sends it back, and prints `answered`.
"""

from __future__ import annotations

import sys
from contextlib import suppress

from rpcgen.runtime import NotSent

from tests.runtime.drivers.zeromq.parts import TOPIC, BlockingSide


def main() -> None:
    client = BlockingSide(sys.argv[1])
    server = client.route(TOPIC, 10.0)
    print("found", flush=True)
    sys.stdin.readline()
    client.send(server, b"first")
    print("asked", flush=True)
    sys.stdin.readline()
    answers: list[object] = []
    while b"again" not in answers:
        with suppress(NotSent):
            client.send(client.peer(TOPIC) or client.route(TOPIC, 1.0), b"again")
        answers += [arrival for _, arrival in client.driver.poll(0.2)]
    print("answered", flush=True)
    client.close()


if __name__ == "__main__":
    main()
