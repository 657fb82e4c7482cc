"""Plain handlers on the threads of an asyncio server."""

from __future__ import annotations

import threading
from concurrent.futures import FIRST_COMPLETED, Future, wait
from types import ModuleType
from typing import Any

import pytest
from rpcgen.runtime import AsyncServer, RemoteError
from rpcgen.runtime.aio.handler_threads import HandlerThreads

from tests.conformance.lab import Bench, endpoint

URL = "memory://handler-threads"


class Odd(BaseException):
    """No Exception."""


@pytest.mark.parametrize("error", [ValueError("odd"), StopIteration("odd"), Odd("odd")])
async def test_what_a_plain_handler_raises_is_told(lab: ModuleType, error: BaseException) -> None:
    """StopIteration, too, of which no future of asyncio's would tell anybody; and its place is free again."""

    def greet(self: Any, ctx: Any, *, name: str, greeting: str, from_: str) -> str:
        if name == "bad":
            raise error
        return name

    served: Any = type("Raises", (type(endpoint(lab, Bench(), "s")),), {"greet": greet})()
    async with (
        AsyncServer(URL, endpoints=[served], concurrency=1, drain_timeout=30.0) as server,
        lab.AsyncLabClient(URL) as client,
    ):
        with pytest.raises(RemoteError):
            await client.prepare(timeout=5.0).greet(name="bad")
        assert await client.prepare(timeout=5.0).greet(name="good") == "good"
        assert server.serving.work.held == 0


def test_threads_that_were_let_go_take_no_more() -> None:
    """Nobody would run it, and whoever waits for it would wait for ever."""
    threads = HandlerThreads(1)
    threads.shutdown()
    with pytest.raises(RuntimeError, match="after shutdown"):
        threads.submit(print)


@pytest.mark.parametrize("told", [True, False], ids=["let go", "forgotten"])
def test_all_threads_end(told: bool) -> None:
    """Of a server under which the event loop was closed, too: nobody lets them go then."""
    threads, together = HandlerThreads(3), threading.Barrier(3)

    def meet() -> threading.Thread:
        together.wait(10.0)
        return threading.current_thread()

    met = [threads.submit(meet) for _ in range(3)]
    ran = [future.result(10.0) for future in met]
    if told:
        threads.shutdown()
    else:
        del threads
    for thread in ran:
        thread.join(10.0)
    assert not any(thread.is_alive() for thread in ran)


def test_there_are_no_more_threads_than_run_at_once() -> None:
    """Whatever one of them finds waiting when it is done, which may be meant for another."""
    threads = HandlerThreads(64)
    waiting: set[Future[int]] = set()
    ran: set[int] = set()
    for _ in range(2000):
        waiting.add(threads.submit(threading.get_ident))
        if len(waiting) == 4:
            done, waiting = wait(waiting, 10.0, FIRST_COMPLETED)
            ran.update(future.result() for future in done)
    threads.shutdown()
    assert len(ran) <= 4


def test_a_thread_that_the_system_did_not_have_is_begun_later(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What was refused never runs; the other threads take what they can until then."""
    ran: list[str] = []

    def starve(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    threads = HandlerThreads(2)
    with monkeypatch.context() as starving:
        starving.setattr(threading.Thread, "start", starve)
        with pytest.raises(RuntimeError, match="can't start new thread"):
            threads.submit(ran.append, "refused")
    busy, free = threading.Event(), threading.Event()
    first = threads.submit(lambda: (busy.set(), free.wait(10.0)))
    assert busy.wait(10.0)
    with monkeypatch.context() as starving:
        starving.setattr(threading.Thread, "start", starve)
        second = threads.submit(ran.append, "behind the first")
    threads.submit(ran.append, "on a thread of its own").result(10.0)
    free.set()
    first.result(10.0)
    second.result(10.0)
    threads.shutdown()
    assert sorted(ran) == ["behind the first", "on a thread of its own"]
