"""Byte streams at a server's port that are no ZeroMQ, or stop being it."""

from __future__ import annotations

import contextlib
import socket
from random import Random

#: ZMTP 3.0 with the mechanism NULL, as a client begins.
GREETING = b"\xff" + bytes(8) + b"\x7f\x03\x00" + b"NULL".ljust(20, b"\0") + bytes(32)
READY = b"\x05READY\x0bSocket-Type\x00\x00\x00\x06DEALER\x08Identity\x00\x00\x00\x00"

STARTS = (
    b"",
    b"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    b"\x01\x00",  # ZMTP 1.0: an anonymous peer
    b"\x02\x00a",
    b"\xff" + bytes(8) + b"\x7f\x01\x05" + b"\x00\x00",  # ZMTP 2.0
    GREETING,
    GREETING[:11],
    GREETING.replace(b"NULL", b"EVIL"),
    GREETING.replace(b"\x7f\x03", b"\x7f\xff"),
    GREETING + b"\x04" + bytes([len(READY)]) + READY,
    GREETING + b"\x04" + bytes([len(READY)]) + READY[:9],
    GREETING + b"\x06" + b"\x7f" + b"\xff" * 7,  # a command without end
    GREETING + b"\x04" + bytes([len(READY)]) + READY + b"\x02" + b"\x7f" + b"\xff" * 7,
    GREETING + b"\x04" + bytes([len(READY)]) + READY + b"\x00\x05hello",
)


def stream(random: Random) -> bytes:
    """What one of them says."""
    said = bytearray(random.choice(STARTS) + random.randbytes(random.choice((0, 0, 1, 9, 64, 300))))
    if said and random.random() < 0.4:
        said[random.randrange(len(said))] = random.randrange(256)
    return bytes(said)


def pour(host: tuple[str, int] | str, random: Random, count: int, held: int) -> int:
    """Open so many streams; the last `held` stay open, and say one byte more each time. How many could speak."""
    spoke = 0
    slow: list[socket.socket] = []
    for _ in range(count):
        family = socket.AF_UNIX if isinstance(host, str) else socket.AF_INET
        opened = socket.socket(family, socket.SOCK_STREAM)
        opened.settimeout(2.0)
        with contextlib.suppress(OSError):
            opened.connect(host)
            if random.random() < 0.7:
                opened.recv(64)  # the server is there: it has begun its greeting
            opened.sendall(stream(random))
            spoke += 1
            if random.random() < 0.2:
                opened.settimeout(0.02)
                while opened.recv(256):  # until it hangs up, or waits for more
                    pass
        slow.append(opened)
        for each in (slow[0], slow[-1]):
            with contextlib.suppress(OSError):
                each.sendall(b"\xff")
        if len(slow) > held:
            slow.pop(random.randrange(len(slow))).close()
    for each in slow:
        each.close()
    return spoke
