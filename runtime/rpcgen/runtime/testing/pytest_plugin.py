"""Fixtures for tests of programs that use generated clients and servers; loaded by pytest on its own.

Imports nothing of the runtime before a fixture is used, so that it costs other test suites nothing.
"""

from __future__ import annotations

import asyncio
import secrets
import threading
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from rpcgen.runtime.endpoint import AnyEndpoint, AsyncEndpoint
    from rpcgen.runtime.testing.recording import AsyncRecordingTransport, RecordingTransport


@pytest.fixture
def rpcgen_url() -> str:
    """A transport URL that no other test uses: `memory://...`."""
    return f"memory://test-{secrets.token_hex(8)}"


@pytest.fixture
def rpcgen_serve(rpcgen_url: str) -> Iterator[Callable[..., str]]:
    """Serve endpoints until the test ends: `url = rpcgen_serve(Compute(), server="host1")`.

    Takes endpoints of both worlds (an async one runs in a loop on a thread of its own) and every keyword of `Server`.
    Call it again for a second server. Clients of both worlds can use the URL.
    """
    from rpcgen.runtime import AsyncEndpoint, Server

    with ExitStack() as stack:

        def serve(*endpoints: AnyEndpoint, **options: Any) -> str:
            blocking = [e for e in endpoints if not isinstance(e, AsyncEndpoint)]
            coroutine = [e for e in endpoints if isinstance(e, AsyncEndpoint)]
            if blocking:
                stack.enter_context(Server(rpcgen_url, endpoints=blocking, **options))
            if coroutine:
                stack.enter_context(_served(rpcgen_url, coroutine, options))
            return rpcgen_url

        yield serve


@pytest.fixture
def rpcgen_recorder() -> RecordingTransport:
    """A transport for a blocking client that records instead of sending."""
    from rpcgen.runtime.testing.recording import RecordingTransport

    return RecordingTransport()


@pytest.fixture
def rpcgen_async_recorder() -> AsyncRecordingTransport:
    """A transport for an asyncio client that records instead of sending."""
    from rpcgen.runtime.testing.recording import AsyncRecordingTransport

    return AsyncRecordingTransport()


@contextmanager
def _served(url: str, endpoints: list[AsyncEndpoint], options: dict[str, Any]) -> Generator[None]:
    """An AsyncServer in an event loop on a thread; what it raises when it starts or stops is raised here."""
    serving: Future[Callable[[], object]] = Future()
    ended: Future[None] = Future()

    async def serve() -> None:
        from rpcgen.runtime import AsyncServer

        loop, asked = asyncio.get_running_loop(), asyncio.Event()
        async with AsyncServer(url, endpoints=endpoints, **options):
            serving.set_result(lambda: loop.call_soon_threadsafe(asked.set))
            await asked.wait()

    def run() -> None:
        try:
            asyncio.run(serve())
        except BaseException as error:
            ended.set_exception(error)
        else:
            ended.set_result(None)

    # Nobody waits for the thread of a server whose start was interrupted.
    threading.Thread(target=run, name="rpcgen-serve", daemon=True).start()
    either: list[Future[Any]] = [serving, ended]
    wait(either, return_when=FIRST_COMPLETED)
    if not serving.done():
        ended.result()
    stop = serving.result()
    try:
        yield
    finally:
        if not ended.done():
            stop()
        ended.result()
