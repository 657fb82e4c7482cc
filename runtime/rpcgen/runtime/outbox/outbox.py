"""An outbox at work: one thread writes down what comes, for many callers at once, and has it sent.

Knows neither world, and no transport: it has a courier of its own.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Sequence
from time import monotonic
from typing import Final

from msgspec.structs import replace
from rpcgen.runtime import forks
from rpcgen.runtime.courier import Courier, Keeping, Settled, Withdraw
from rpcgen.runtime.errors import (
    ConfigurationError,
    ConnectionLost,
    NotSent,
    RpcgenError,
    TooLarge,
)
from rpcgen.runtime.outbox.folder import Folder
from rpcgen.runtime.outbox.options import OutboxOptions
from rpcgen.runtime.outbox.record import Clock, Record, new_record
from rpcgen.runtime.outbox.sender import Sender
from rpcgen.runtime.outbox.store import Aside, Failed, Store
from rpcgen.runtime.outbox.tally import Gone, OutboxStatus, Tally, log
from rpcgen.runtime.outgoing import Outgoing
from rpcgen.runtime.target import Target

#: Messages that are written together.
TOGETHER: Final = 1_000

#: Seconds after which a file that could not be written or read is tried again; and that `close` waits for the thread.
_RETRY: Final = 0.5
_LEAVING: Final = 1.8


class _Entry:
    """A message that is to be written, and who waits for that."""

    __slots__ = ("record", "settled")

    def __init__(self, record: Record, settled: Settled) -> None:
        self.record = record
        self.settled = settled


class Outbox:
    """A folder's messages on their way.

    After using it: you must call `close()`.

    Args:
        options: the folder, and how much may be in it.
        keeping: the transport.

    Attributes:
        name: for messages to people.

    Raises:
        ConfigurationError: the folder cannot be used, or another process uses it.
    """

    def __init__(self, options: OutboxOptions, keeping: Keeping) -> None:
        self.name = f"outbox {options.outbox}"
        self._age = options.outbox_age
        self._largest = keeping.most
        self._born = forks.generation()
        self._clock = Clock()
        # Guards `_entries` and `_closed`; never held while anything is written.
        self._lock = threading.Lock()
        self._bell = threading.Event()
        self._entries: deque[_Entry] = deque()
        self._closed = False
        self._folder = Folder(options.outbox)
        try:
            self._store = Store(self._folder.file)
            self._open(options, keeping)
        except BaseException:
            self._folder.release()
            raise
        self._thread = threading.Thread(target=self._run, name="rpcgen-outbox", daemon=True)
        self._thread.start()

    def _open(self, options: OutboxOptions, keeping: Keeping) -> None:
        self._courier: Courier = keeping.open(lambda arrival: None, self._bell.set)
        self._number = self._store.last
        try:
            self._tally = Tally(self.name, options, self._store.totals())
            self._sender = Sender(
                self._store, self._clock, self._tally, self._courier, self._bell.set
            )
        except Failed as failed:
            self._store.close()
            raise ConfigurationError(f"{self._folder.file} cannot be read: {failed}") from failed

    # --- any thread -------------------------------------------------------------------------------------------------

    def keep(self, message: Outgoing, target: Target, frame: bytes, settled: Settled) -> Withdraw:
        """Write a message down.

        Args:
            message, target, frame: what is to be sent, and where.
            settled: gets None once it cannot be lost any more, or why it could not be written; on the outbox's own thread.

        Returns:
            How to take it back while nobody has begun to write it.

        Raises:
            NotSent: the outbox is full, or closed.
            TooLarge: the transport takes nothing as large.
        """
        forks.check(self._born)
        if len(frame) > self._largest:
            raise TooLarge(
                f"the message has {len(frame)} bytes, and max_message is {self._largest}"
            )
        entry = _Entry(new_record(message, target, frame, self._clock, self._age), settled)
        with self._lock:
            if self._closed:
                raise NotSent("this client is closed")
            self._tally.enter(entry.record.size)
            self._entries.append(entry)
        self._bell.set()
        return lambda: self._withdraw(entry)

    def _withdraw(self, entry: _Entry) -> bool:
        with self._lock:
            try:
                self._entries.remove(entry)
            except ValueError:
                return False
        self._tally.leave(Gone(entry.record.size))
        return True

    def status(self) -> OutboxStatus:
        """What there is now."""
        return self._tally.status(self._sender.age, self._sender.trouble)

    def stop(self) -> None:
        """Take and send no more; what has not arrived stays. Waits for nothing. Idempotent."""
        if forks.is_child(self._born):
            return  # what we hold belongs to our parent
        with self._lock:
            self._closed = True
        self._bell.set()

    def close(self) -> None:
        """Stop, and leave the folder to others. Takes at most two seconds. Idempotent."""
        self.stop()
        if not forks.is_child(self._born):
            self._thread.join(_LEAVING)

    # --- the thread -------------------------------------------------------------------------------------------------

    def _run(self) -> None:
        try:
            self._work()
        except Exception:
            log.exception("%s has ended", self.name)
            raise
        finally:
            with self._lock:
                self._closed = True
                entries, self._entries = list(self._entries), deque()
            self._tell(entries, "it has ended")
            self._store.close()
            self._folder.release()

    def _work(self) -> None:
        while True:
            self._bell.clear()
            leaving = self._closed
            if leaving:
                self._courier.close()
            self._sender.take_outcomes()
            self._write(leaving=leaving)
            if leaving:
                if not self._entries:
                    return
                continue
            wait = self._send()
            if not self._entries and not self._sender.waiting:
                self._bell.wait(wait)

    def _send(self) -> float:
        try:
            return self._sender.send()
        except Failed as failed:
            self._tally.broken(f"the file cannot be read: {failed}")
            return _RETRY

    # --- writing ----------------------------------------------------------------------------------------------------

    def _write(self, *, leaving: bool) -> None:
        """Write what has come, and remove what is gone: together if that can be done, else each by itself."""
        entries, sender = self._numbered(), self._sender
        removes = bool(sender.gone) and (
            leaving or bool(entries) or monotonic() >= sender.remove_at
        )
        try:
            self._commit(entries, removes=removes)
        except Failed as failed:
            if failed.unsure or failed.busy:
                self._put_off(failed)
                self._tell(entries, str(failed), unsure=failed.unsure)
            else:
                self._write_apart(entries, removes=removes)

    def _numbered(self) -> list[_Entry]:
        with self._lock:
            most = min(TOGETHER, len(self._entries))
            entries = [self._entries.popleft() for _ in range(most)]
        for entry in entries:
            self._number += 1
            entry.record = replace(entry.record, number=self._number)
        return entries

    def _write_apart(self, entries: Sequence[_Entry], *, removes: bool) -> None:
        """There was no room for all of it: there may be for some, and what is removed makes some."""
        if removes:
            try:
                self._commit((), removes=True)
            except Failed as failed:
                self._put_off(failed)
        for entry in entries:
            try:
                self._commit((entry,), removes=False)
            except Failed as failed:
                self._tell((entry,), str(failed), unsure=failed.unsure)

    def _put_off(self, failed: Failed) -> None:
        """What has arrived stays in the file for now: this process knows of it, and the next one repeats it."""
        if self._sender.gone:
            self._sender.remove_at = monotonic() + _RETRY
        self._tally.broken(f"the file cannot be written: {failed}")

    def _commit(self, entries: Sequence[_Entry], *, removes: bool) -> None:
        """Write, and tell those who wait. Raises Failed."""
        sender, tally = self._sender, self._tally
        gone, records = sender.gone if removes else {}, [entry.record for entry in entries]
        if not gone and not records:
            return
        aside = [Aside(number, each.why) for number, each in gone.items() if each.why is not None]
        done = [number for number, each in gone.items() if each.why is None]
        self._store.commit(records, done, aside, self._clock.now())
        tally.damage = ""
        tally.kept += len(records)
        sender.written(records)
        if gone:
            for each in gone.values():
                tally.leave(each)
            sender.removed()
        for entry in entries:
            entry.settled(None)

    def _tell(self, entries: Sequence[_Entry], why: str, *, unsure: bool = False) -> None:
        """Those who wait, that nothing was written, or that nobody knows."""
        if not entries:
            return
        error: RpcgenError = (
            ConnectionLost(f"{self.name}: nobody knows whether the message was written: {why}")
            if unsure
            else NotSent(f"{self.name}: the message could not be written: {why}")
        )
        for entry in entries:
            self._tally.leave(Gone(entry.record.size))
        self._tally.failed += len(entries)
        self._tally.broken(why)
        for entry in entries:
            entry.settled(error)
