"""What shells need of a loop and it has not: waiting in a thread, waking, reporting. Knows nothing of what for."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress


async def in_thread(function: Callable[[], None]) -> None:
    """Run something that may wait in a thread that ends with it: the loop's own pool would stay."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[None] = loop.create_future()

    def run() -> None:
        error: BaseException | None = None
        try:
            function()
        except BaseException as failure:  # raised again where it is awaited
            error = failure
        with suppress(RuntimeError):  # the loop is closed: whoever waited was cancelled
            loop.call_soon_threadsafe(_end, done, error)

    thread = threading.Thread(target=run, name="rpcgen-wait", daemon=True)
    thread.start()
    try:
        await asyncio.shield(done)
    finally:
        if done.done():
            thread.join()


def _end(future: asyncio.Future[None], error: BaseException | None) -> None:
    if error is None:
        resolve(future)
    elif not future.done():
        future.set_exception(error)


def resolve(future: asyncio.Future[None]) -> None:
    """Wake whoever awaits the future, once."""
    if not future.done():
        future.set_result(None)


def report(loop: asyncio.AbstractEventLoop, error: Exception) -> None:
    """Tell the loop of an error that nobody awaits."""
    loop.call_exception_handler({"message": "a frame could not be delivered", "exception": error})
