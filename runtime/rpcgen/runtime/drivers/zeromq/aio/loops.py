"""What both sides need of the loop: ending in a thread, waking and reporting."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable


def resolve(future: asyncio.Future[None]) -> None:
    """Wake whoever awaits the future, once."""
    if not future.done():
        future.set_result(None)


def report(loop: asyncio.AbstractEventLoop, error: Exception) -> None:
    """Tell the loop of an error that nobody awaits."""
    loop.call_exception_handler({"message": "a frame could not be delivered", "exception": error})


async def in_thread(function: Callable[[], None]) -> None:
    """Run something that may wait in a thread that ends with it: the loop's own pool would stay."""
    loop = asyncio.get_running_loop()
    done = loop.create_future()

    def run() -> None:
        try:
            function()
        finally:
            loop.call_soon_threadsafe(resolve, done)

    thread = threading.Thread(target=run, name="rpcgen-zeromq-close", daemon=True)
    thread.start()
    await asyncio.shield(done)
    thread.join()
