"""How much is in an outbox, what became of what was, and what is wrong with it. Any thread; knows no files and no transport."""

from __future__ import annotations

import logging
import threading
from time import monotonic
from typing import Final

from msgspec import Struct
from rpcgen.runtime.core.repeats import Repeats, more
from rpcgen.runtime.errors import NotSent
from rpcgen.runtime.outbox.options import OutboxOptions
from rpcgen.runtime.outbox.store import Totals

log: Final = logging.getLogger("rpcgen.outbox")


class OutboxStatus(Struct, frozen=True):
    """What there is in an outbox, and what became of what was since it was opened.

    Attributes:
        depth, bytes: messages that wait, and their size.
        age: seconds for which the oldest has waited.
        dead, dead_bytes: messages that were put aside, ever.
        trouble: why nothing can be written, or something does not leave, at the moment; or the empty text.
        kept: messages that were written.
        sent: those that the transport has.
        refused: casts that were refused because the outbox was full.
        failed: casts that could not be written.
        repeated: messages that may have been sent before.
        buried: messages that were put aside.
        unreadable: those of them that were none.
    """

    depth: int
    bytes: int
    age: float
    dead: int
    dead_bytes: int
    trouble: str
    kept: int
    sent: int
    refused: int
    failed: int
    repeated: int
    buried: int
    unreadable: int


class Gone(Struct, frozen=True):
    """A message that nobody needs any more: its size, and why it is to be put aside, if it is."""

    size: int
    why: str | None = None


class Tally:
    """The numbers of one outbox.

    Args:
        name: of the outbox, for messages to people.
        options: how much may be there.
        found: how much was.

    Attributes:
        kept, sent, refused, failed, repeated, buried, unreadable: see `OutboxStatus`.
        damage: why the file cannot be used at the moment, or the empty text.
        outage: why the transport cannot.
    """

    def __init__(self, name: str, options: OutboxOptions, found: Totals) -> None:
        self.name = name
        self.kept = self.sent = self.refused = self.failed = 0
        self.repeated = self.buried = self.unreadable = 0
        self.damage = self.outage = ""
        self._options = options
        self._lock = threading.Lock()
        self._waiting, self._bytes = found.waiting, found.waiting_bytes
        self._dead, self._dead_bytes = found.dead, found.dead_bytes
        self._repeats = Repeats()

    def enter(self, size: int) -> None:
        """A message is about to be written; raises NotSent if there is no room for it."""
        options = self._options
        with self._lock:
            for name, found, limit in (
                ("outbox_count", self._waiting + self._dead + 1, options.outbox_count),
                ("outbox_bytes", self._bytes + self._dead_bytes + size, options.outbox_bytes),
            ):
                if found > limit:
                    self.refused += 1
                    trouble = self.damage or self.outage
                    raise NotSent(
                        f"{self.name} is full: {self._waiting} messages of {self._bytes} bytes wait, {self._dead} of "
                        f"{self._dead_bytes} bytes were put aside, and {name} is {limit}"
                        + (f"; {trouble}" if trouble else "")
                    )
            self._waiting += 1
            self._bytes += size

    def leave(self, gone: Gone) -> None:
        """A message was removed, or not written after all."""
        with self._lock:
            self._waiting -= 1
            self._bytes -= gone.size
            if gone.why is not None:
                self.buried += 1
                self._dead += 1
                self._dead_bytes += gone.size

    def broken(self, why: str) -> None:
        """The file cannot be used."""
        self.damage = why
        self.note(why)

    def cut_off(self, why: str) -> None:
        """The transport cannot be used."""
        self.outage = why
        self.note(why)

    def note(self, why: str) -> None:
        """Say in the log what is wrong, now and then."""
        held = self._repeats.worth(monotonic(), "trouble")
        if held is not None:
            log.warning("%s: %s%s", self.name, ascii(why)[1:-1], more(held))

    def status(self, age: float, lately: str) -> OutboxStatus:
        """All of it.

        Args:
            age: of the oldest message that waits.
            lately: why one of them could not be sent, if that is so.
        """
        with self._lock:
            return OutboxStatus(
                self._waiting,
                self._bytes,
                age if self._waiting else 0.0,  # the sender looks at the file a moment later
                self._dead,
                self._dead_bytes,
                self.damage or self.outage or lately,
                self.kept,
                self.sent,
                self.refused,
                self.failed,
                self.repeated,
                self.buried,
                self.unreadable,
            )
