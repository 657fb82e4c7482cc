"""Fixtures for tests of programs that use generated clients and servers; loaded by pytest on its own.

Imports nothing of the runtime before a fixture is used, so that it costs other test suites nothing.
"""

from __future__ import annotations

import asyncio
import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
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
                stack.enter_context(_LoopThread(rpcgen_url, coroutine, options))
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


class _LoopThread:
    """An AsyncServer in an event loop on a thread."""

    def __init__(self, url: str, endpoints: list[AsyncEndpoint], options: dict[str, Any]) -> None:
        self._arguments = (url, endpoints, options)
        self._ready = threading.Event()
        self._stop: Callable[[], object] = lambda: None
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)

    async def _serve(self) -> None:
        from rpcgen.runtime import AsyncServer

        url, endpoints, options = self._arguments
        loop, ended = asyncio.get_running_loop(), asyncio.Event()
        self._stop = lambda: loop.call_soon_threadsafe(ended.set)
        try:
            async with AsyncServer(url, endpoints=endpoints, **options):
                self._ready.set()
                await ended.wait()
        except BaseException as error:
            self._error = error
            self._ready.set()

    def __enter__(self) -> None:
        self._thread.start()
        self._ready.wait()
        if self._error is not None:
            raise self._error

    def __exit__(self, *ending: object) -> None:
        self._stop()
        self._thread.join()
