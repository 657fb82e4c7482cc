"""One message in an outbox, and the clock by which it grows old. Knows no files."""

from __future__ import annotations

import time
from zlib import crc32

from msgspec import DecodeError, Struct, json
from rpcgen.runtime.core.envelope import ID_BYTES
from rpcgen.runtime.errors import InvalidTarget
from rpcgen.runtime.outgoing import Outgoing
from rpcgen.runtime.target import Target

#: Bits of `Record.marks`: it may have to be handled after others; somebody has to get it; its interface says how long it
#: may wait.
ORDERED, REQUIRED, DATED = 1, 2, 4


class Clock:
    """Seconds since 1970 as they were when it was made, and as they pass since: a clock of the system's may be set meanwhile."""

    __slots__ = ("_since",)

    def __init__(self) -> None:
        self._since = time.time() - time.monotonic()

    def now(self) -> float:
        """Seconds since 1970."""
        return self._since + time.monotonic()

    def monotonic(self, when: float) -> float:
        """What `time.monotonic()` says at a time."""
        return when - self._since


class Record(Struct, frozen=True):
    """A message, as it is kept.

    Attributes:
        number: its place among all; 0 until it has one.
        destination: the text of its target.
        written, until: when it was kept, and when it is to be put aside (seconds since 1970).
    """

    number: int
    destination: str
    id: bytes
    frame: bytes
    marks: int
    written: float
    until: float

    @property
    def size(self) -> int:
        """Bytes that count."""
        return len(self.frame) + len(self.destination)

    @property
    def checksum(self) -> int:
        """Of all that is kept of it."""
        said = f"{self.destination} {self.marks} {self.written!r} {self.until!r}".encode()
        return crc32(self.frame, crc32(self.id, crc32(said)))

    @property
    def target(self) -> Target:
        """Where it goes."""
        return target_of(self.destination)

    def readable(self, checksum: object) -> bool:
        """Whether it is what was kept: a disk may give back something else."""
        return (
            len(self.id) == ID_BYTES and self.checksum == checksum and _is_target(self.destination)
        )


def new_record(message: Outgoing, target: Target, frame: bytes, clock: Clock, age: float) -> Record:
    """What is kept of a message.

    Args:
        age: for how long it may wait, if its interface does not say less.
    """
    now, worthless = clock.now(), message.worthless
    left = age if worthless is None else min(age, worthless - clock.monotonic(now))
    marks = (
        (ORDERED if message.ordered else 0)
        | (REQUIRED if message.required else 0)
        | (0 if worthless is None else DATED)
    )
    return Record(0, destination_of(target), message.id, frame, marks, now, now + left)


class Handed(Struct, frozen=True):
    """A record on its way: an `Outgoing`."""

    id: bytes
    deadline: float | None
    worthless: float | None
    ordered: bool
    required: bool
    copied: bool
    kept: bool = True

    @property
    def expires(self) -> float | None:
        """See `Outgoing`."""
        return self.worthless


def handed(record: Record, clock: Clock, *, copied: bool) -> Handed:
    """A record as what a driver is given.

    Args:
        copied: it may have been sent before.
    """
    until = clock.monotonic(record.until)
    marks = record.marks
    return Handed(
        record.id,
        until,
        until if marks & DATED else None,
        bool(marks & ORDERED),
        bool(marks & REQUIRED),
        copied,
    )


def destination_of(target: Target) -> str:
    """The text of a target."""
    return json.encode((target.exchange, target.topic, target.server, target.event)).decode()


def target_of(destination: str) -> Target:
    """The target of a text; raises InvalidTarget or msgspec.DecodeError."""
    exchange, topic, server, event = _read(destination)
    return Target(exchange, topic, server, event=event)


_read = json.Decoder(tuple[str, str, str | None, str | None]).decode


def _is_target(destination: str) -> bool:
    try:
        target_of(destination)
    except (DecodeError, InvalidTarget):
        return False
    return True
