"""Where what arrives on one thread waits for another, or for an event loop. Knows nothing of what it is."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from typing import Any, Generic, Protocol, TypeVar

#: Frames that wait for one reader; more are refused.
HIGH_WATER = 10_000
_BATCH = 64

Item = TypeVar("Item")
ItemIn = TypeVar("ItemIn", contravariant=True)


class Inbox(Protocol[ItemIn]):
    """Where arrivals wait for one reader."""

    def put(self, item: ItemIn) -> bool:
        """Add an arrival, from any thread; False if the inbox is full."""
        ...


class ThreadInbox(Generic[Item]):
    """An inbox that a thread polls.

    Args:
        limit: how much waits at most.
    """

    def __init__(self, limit: float = HIGH_WATER) -> None:
        self._limit = limit
        self._items: deque[Item | None] = deque()
        # No SimpleQueue: its `get`, with so little time that it is over before the wait begins, waits for ever.
        self._arrival = threading.Condition()

    def put(self, item: Item) -> bool:
        """Add an arrival."""
        with self._arrival:
            if len(self._items) >= self._limit:
                return False
            self._items.append(item)
            self._arrival.notify()
        return True

    def poll(self, timeout: float | None, *, staying: bool = False) -> list[Item]:
        """Wait for arrivals."""
        arrived: list[Item] = []
        with self._arrival:
            if not self._items:
                self._arrival.wait(timeout)
            while self._items and len(arrived) < _BATCH:
                item = self._items.popleft()
                if item is None:
                    break
                arrived.append(item)
        return arrived

    def wake(self) -> None:
        """Make a poll return."""
        with self._arrival:
            self._items.append(None)
            self._arrival.notify()


class LoopInbox(Generic[Item]):
    """An inbox that an event loop empties; one wake-up a batch.

    Args:
        deliver: called in the loop for each item.
        limit: how much waits at most.
    """

    def __init__(self, deliver: Callable[[Item], None], limit: float = HIGH_WATER) -> None:
        from asyncio import get_running_loop  # programs of threads do not pay for it

        self._limit = limit
        self._loop = get_running_loop()
        self._thread = threading.get_ident()
        self._deliver = deliver
        self._items: deque[Item] = deque()
        self._lock = threading.Lock()
        self._scheduled = False

    def put(self, item: Item) -> bool:
        """Add an arrival."""
        with self._lock:
            if len(self._items) >= self._limit:
                return False
            self._items.append(item)
            if self._scheduled:
                return True
            self._scheduled = True
        schedule: Any = (
            self._loop.call_soon
            if threading.get_ident() == self._thread
            else self._loop.call_soon_threadsafe
        )
        try:
            schedule(self._drain)
        except RuntimeError:  # the loop is closed: nobody will read
            with self._lock:
                self._scheduled = False
                self._items.clear()
            return False
        return True

    def _drain(self) -> None:
        with self._lock:
            self._scheduled = False
            items, self._items = self._items, deque()
        for item in items:
            self._deliver(item)
