"""What waits for a thread."""

from __future__ import annotations

import threading
import time

from rpcgen.runtime.inbox import ThreadInbox


def test_a_poll_ends_however_little_time_it_has() -> None:
    """Also when the time is over before the wait begins, in a new inbox and in one that was emptied."""

    def poll() -> None:
        for _ in range(2_000):
            inbox: ThreadInbox[int] = ThreadInbox()
            assert inbox.poll(1e-6) == []
            inbox.put(1)
            assert inbox.poll(1e-6) == [1]
            assert inbox.poll(1e-6) == []

    polling = threading.Thread(target=poll, daemon=True)
    polling.start()
    polling.join(20.0)
    assert not polling.is_alive()


def test_arrivals_come_in_order_and_wake_who_waits() -> None:
    inbox: ThreadInbox[int] = ThreadInbox(limit=100)
    threading.Timer(0.05, inbox.put, (0,)).start()
    assert inbox.poll(10.0) == [0]
    assert [inbox.put(number) for number in range(101)] == [True] * 100 + [False]
    found: list[int] = []
    while len(found) < 100:
        found += inbox.poll(0.0)
    assert found == list(range(100))


def test_wake_ends_one_poll() -> None:
    """What came before it is delivered first."""
    inbox: ThreadInbox[int] = ThreadInbox()
    inbox.put(1)
    inbox.wake()
    inbox.put(2)
    assert inbox.poll(None) == [1]
    assert inbox.poll(None) == [2]
    threading.Timer(0.05, inbox.wake).start()
    began = time.monotonic()
    assert inbox.poll(10.0) == []
    assert time.monotonic() - began < 5.0
