"""What both sides need of the loop: waking and reporting."""

from __future__ import annotations

import asyncio


def resolve(future: asyncio.Future[None]) -> None:
    """Wake whoever awaits the future, once."""
    if not future.done():
        future.set_result(None)


def report(loop: asyncio.AbstractEventLoop, error: Exception) -> None:
    """Tell the loop of an error that nobody awaits."""
    loop.call_exception_handler({"message": "a frame could not be delivered", "exception": error})
