"""A TCP proxy that does to connections what networks do: delays, slices, cuts, swallows, changes, sends twice.

What it does is made of toxics: each takes the chunks of one direction of one connection, and gives others. Knows of ZeroMQ
only where frames begin and end, to send them twice.
"""

from __future__ import annotations

import asyncio
import socket
import struct
import threading
from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack, aclosing, suppress
from random import Random
from types import TracebackType
from typing import Self

Chunks = AsyncGenerator[bytes, None]
Toxic = Callable[[Chunks], Chunks]

#: Bytes of a ZMTP greeting, before the first frame.
_GREETING = 64
#: Bits of the first byte of a ZMTP frame.
_LONG, _COMMAND = 2, 4


class Cut(Exception):
    """The connection ends here, at once."""


class Proxy:
    """Listens on a free port of the loopback and forwards to another.

    Args:
        port: to where.
        up, down: see below.
        room: bytes that the system takes of a connection before they are read; 0: as many as it likes.

    Attributes:
        up, down: what new connections suffer, towards the server and towards the client; in this order.
        accepted: connections so far.
    """

    def __init__(
        self,
        port: int,
        up: list[Toxic] | None = None,
        down: list[Toxic] | None = None,
        room: int = 0,
    ):
        self.up: list[Toxic] = up or []
        self.down: list[Toxic] = down or []
        self.accepted = 0
        self._target = port
        self._writers: set[asyncio.StreamWriter] = set()
        self._accepted: dict[socket.socket, asyncio.Task[None]] = {}
        self._listening = socket.create_server(("127.0.0.1", 0), backlog=1024)
        if room:
            self._listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, room)
        self.port: int = self._listening.getsockname()[1]
        self._loop = asyncio.new_event_loop()
        self._started = threading.Event()
        self._thread = threading.Thread(target=self._run, name="proxy", daemon=True)
        self._thread.start()
        self._started.wait(5.0)

    def _run(self) -> None:
        self._loop.run_until_complete(self._serve())

    async def _serve(self) -> None:
        self._ended = asyncio.Event()
        self._listening.setblocking(False)
        # Not a server of asyncio's: what that accepts while it is closed, it leaves open.
        self._loop.add_reader(self._listening, self._accept)
        self._started.set()
        await self._ended.wait()
        self._loop.remove_reader(self._listening)
        self._listening.close()
        while others := asyncio.all_tasks() - {asyncio.current_task()}:
            for task in others:
                task.cancel()
            await asyncio.gather(*others, return_exceptions=True)
        # A task that is cancelled before it begins closes nothing.
        for connection in self._accepted:
            connection.close()
        for _ in range(2):  # connections that were aborted are closed in the next pass of the loop
            await asyncio.sleep(0)

    def _accept(self) -> None:
        with suppress(BlockingIOError, ConnectionAbortedError):
            connection, _ = self._listening.accept()
            connection.setblocking(False)
            self.accepted += 1
            self._accepted[connection] = self._loop.create_task(self._forward(connection))

    async def _forward(self, connection: socket.socket) -> None:
        try:
            reader, writer = await asyncio.open_connection(sock=connection)
            try:
                await self._connect(reader, writer)
            finally:
                await _abort(writer)
        finally:
            del self._accepted[connection]

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            to_server = await asyncio.open_connection("127.0.0.1", self._target)
        except OSError:
            return
        both = writer, to_server[1]
        self._writers.update(both)
        directions = ((reader, both[1], self.up), (to_server[0], both[0], self.down))
        pumps = [self._loop.create_task(_pump(*each)) for each in directions]
        try:
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for pump in pumps:
                pump.cancel()
            to_server[1].transport.abort()  # before we wait, and may be cancelled
            await asyncio.gather(*pumps, return_exceptions=True)
            await _abort(to_server[1])
            self._writers.difference_update(both)

    def _abort(self) -> None:
        for writer in self._writers:
            stream = writer.get_extra_info("socket")
            if stream.fileno() >= 0:
                stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()

    def cut(self) -> None:
        """End all connections at once; both sides see a reset."""
        self._loop.call_soon_threadsafe(self._abort)

    def close(self) -> None:
        """End."""
        self._loop.call_soon_threadsafe(self._ended.set)
        self._thread.join(5.0)
        self._loop.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


async def _abort(writer: asyncio.StreamWriter) -> None:
    """End a connection, and wait until it is closed."""
    writer.transport.abort()
    with suppress(OSError):
        await writer.wait_closed()


async def _pump(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, toxics: list[Toxic]
) -> None:
    writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    chunks = _read(reader)
    async with AsyncExitStack() as opened:  # else the loop closes them, when it finds time
        await opened.enter_async_context(aclosing(chunks))
        for toxic in toxics:
            chunks = await opened.enter_async_context(aclosing(toxic(chunks)))
        with suppress(Cut, ConnectionError):
            async for chunk in chunks:
                writer.write(chunk)
                await writer.drain()


async def _read(reader: asyncio.StreamReader) -> Chunks:
    while chunk := await reader.read(65536):
        yield chunk


# --- toxics -----------------------------------------------------------------------------------------------------------


def slices(size: int = 1) -> Toxic:
    """So many bytes at a time, each in a segment of its own."""

    async def toxic(chunks: Chunks) -> Chunks:
        async for chunk in chunks:
            for start in range(0, len(chunk), size):
                yield chunk[start : start + size]
                await asyncio.sleep(0)

    return toxic


def latency(seconds: float, jitter: float = 0.0, seed: int = 1) -> Toxic:
    """Each chunk so much later, more or less; in order."""
    random = Random(seed)

    async def toxic(chunks: Chunks) -> Chunks:
        loop = asyncio.get_running_loop()
        under_way: asyncio.Queue[tuple[float, bytes | None]] = asyncio.Queue()

        async def fill() -> None:
            try:
                async for chunk in chunks:
                    delay = seconds + random.uniform(-jitter, jitter)
                    under_way.put_nowait((loop.time() + delay, chunk))
            finally:
                under_way.put_nowait((0.0, None))

        filling = loop.create_task(fill())
        try:
            while True:
                due, chunk = await under_way.get()
                if chunk is None:
                    return
                await asyncio.sleep(max(0.0, due - loop.time()))
                yield chunk
        finally:
            filling.cancel()

    return toxic


def bandwidth(rate: float) -> Toxic:
    """So many bytes a second."""

    async def toxic(chunks: Chunks) -> Chunks:
        async for chunk in chunks:
            for start in range(0, len(chunk), 1024):
                part = chunk[start : start + 1024]
                await asyncio.sleep(len(part) / rate)
                yield part

    return toxic


def cut_after(size: int) -> Toxic:
    """The connection ends after so many bytes, wherever that is."""

    async def toxic(chunks: Chunks) -> Chunks:
        left = size
        async for chunk in chunks:
            if len(chunk) >= left:
                yield chunk[:left]
                raise Cut
            left -= len(chunk)
            yield chunk

    return toxic


def blackhole(closed: threading.Event) -> Toxic:
    """While the event is set, what comes is swallowed, and the connection stays."""

    async def toxic(chunks: Chunks) -> Chunks:
        async for chunk in chunks:
            if not closed.is_set():
                yield chunk

    return toxic


def stalled(closed: threading.Event) -> Toxic:
    """While the event is set nothing is read: what comes stays in the buffers of who sends it."""

    async def toxic(chunks: Chunks) -> Chunks:
        async for chunk in chunks:
            while closed.is_set():
                await asyncio.sleep(0.01)
            yield chunk

    return toxic


def corrupt(every: int) -> Toxic:
    """One bit of every so many bytes is another."""

    async def toxic(chunks: Chunks) -> Chunks:
        passed = 0
        async for chunk in chunks:
            changed = bytearray(chunk)
            for at in range(every - 1 - passed % every, len(chunk), every):
                changed[at] ^= 0x10
            passed += len(chunk)
            yield bytes(changed)

    return toxic


def record(into: bytearray) -> Toxic:
    """Keeps what passes."""

    async def toxic(chunks: Chunks) -> Chunks:
        async for chunk in chunks:
            into.extend(chunk)
            yield chunk

    return toxic


def twice(wanted: Callable[[bytes], bool] = lambda _: True) -> Toxic:
    """Each ZMTP message is sent again right behind itself; commands are not."""

    async def toxic(chunks: Chunks) -> Chunks:
        held = b""
        greeting = _GREETING  # the two sides send it in parts, each after one of the other's
        async for chunk in chunks:
            if greeting:
                yield chunk[:greeting]
            held += chunk[greeting:]
            greeting = max(0, greeting - len(chunk))
            while frame := _frame(held):
                held = held[len(frame) :]
                is_message = not frame[0] & _COMMAND
                yield frame * 2 if is_message and wanted(frame) else frame

    return toxic


def _frame(held: bytes) -> bytes:
    """The whole frame that bytes begin with; nothing if it is not whole."""
    head = 9 if held and held[0] & _LONG else 2
    if len(held) < head:
        return b""
    size = head + int.from_bytes(held[1:head], "big")
    return held[:size] if len(held) >= size else b""
