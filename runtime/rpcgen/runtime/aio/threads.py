"""A thread beside a loop, for something that waits. Knows nothing of what it is."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable


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
        loop.call_soon_threadsafe(_end, done, error)

    thread = threading.Thread(target=run, name="rpcgen-wait", daemon=True)
    thread.start()
    try:
        await asyncio.shield(done)
    finally:
        if done.done():
            thread.join()


def _end(future: asyncio.Future[None], error: BaseException | None) -> None:
    if not future.done():
        if error is None:
            future.set_result(None)
        else:
            future.set_exception(error)
