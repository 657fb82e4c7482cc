"""What the tests of the ZeroMQ driver are made of: server processes, and clients of both worlds with one shape."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol, TypeVar

from rpcgen.runtime import NotSent, Target
from rpcgen.runtime.drivers import zeromq
from rpcgen.runtime.errors import RpcgenError
from rpcgen.runtime.outgoing import Letter
from rpcgen.runtime.peers import Arrival, Peer
from rpcgen.runtime.url import parse_url

T = TypeVar("T")

ROOT = Path(__file__).parents[4]
TOPIC = Target("test", "echo")

#: Calls under way at one server from which on threads leave sending to the one that polls.
CROWD = 64


def eventually(condition: Callable[[], Any], limit: float = 5.0) -> Any:
    """Wait for a condition, and return what it returned."""
    end = time.monotonic() + limit
    while not (value := condition()):
        assert time.monotonic() < end, "the condition did not come true in time"
        threading.Event().wait(0.002)
    return value


class ServerProcess:
    """A running `echo_server`."""

    def __init__(self, world: str, url: str, name: str, topics: Sequence[str]) -> None:
        command = [sys.executable, "-m", "tests.runtime.drivers.zeromq.echo_server"]
        self.process = subprocess.Popen(
            [*command, world, url, name, *topics],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.expect("ready")

    def expect(self, word: str) -> None:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line.split()[:1] == [word], line

    def say(self, command: str, answer: str) -> None:
        """Give a command and wait until it is done."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{command}\n")
        self.process.stdin.flush()
        self.expect(answer)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(5.0)

    def pause(self) -> None:
        """Stop the process; returns when it has stopped."""
        self.process.send_signal(signal.SIGSTOP)
        os.waitpid(self.process.pid, os.WUNTRACED)

    def end(self) -> None:
        self.kill()
        for stream in (self.process.stdin, self.process.stdout):
            assert stream is not None
            stream.close()


def numbered(count: int, begin: int = 0) -> list[bytes]:
    """Frames that can be told apart."""
    return [b"%d" % number for number in range(begin, begin + count)]


def sent_of(frames: Sequence[bytes], send: Callable[[bytes], None]) -> int:
    """Send frames until one is refused; how many were taken."""
    for taken, frame in enumerate(frames):
        try:
            send(frame)
        except NotSent:
            return taken
    return len(frames)


def letter(frame: bytes) -> Letter:
    """What a driver is told of a frame: its first characters are its id."""
    return Letter(frame[:5])


class Client(Protocol):
    """A client of either world, used from one thread."""

    driver: Any

    def peer(self, target: Target) -> Peer | None: ...
    def route(self, target: Target, timeout: float = 5.0) -> Peer: ...
    def fanout(
        self, target: Target, timeout: float = 5.0
    ) -> tuple[Sequence[Peer], Sequence[str]]: ...
    def send(self, peer: Peer, frame: bytes) -> None: ...
    def send_together(self, peer: Peer, frames: Sequence[bytes]) -> int: ...
    def in_pass(self, function: Callable[[], T]) -> T: ...
    def arrivals(
        self, enough: Callable[[list[Arrival]], bool], limit: float = 5.0
    ) -> list[Arrival]: ...
    def close(self) -> None: ...
    def end(self) -> None: ...


class BlockingSide:
    """A client of the blocking world."""

    def __init__(self, url: str) -> None:
        self.driver = zeromq.connect(parse_url(url))
        self._found: list[Arrival] = []
        self.peer = self.driver.peer
        self.send = self.driver.send
        self.close = self.end = self.driver.close

    def route(self, target: Target, timeout: float = 5.0) -> Peer:
        return self.driver.route(target, timeout)

    def fanout(self, target: Target, timeout: float = 5.0) -> tuple[Sequence[Peer], Sequence[str]]:
        return self.driver.fanout(target, timeout)

    def send_together(self, peer: Peer, frames: Sequence[bytes]) -> int:
        """Send as many threads do that leave it to the one that polls; how many frames were taken before a refusal."""
        self._found += self.driver.poll(0.0, staying=True)
        peer.outstanding += CROWD
        taken = sent_of(frames, lambda frame: self.driver.send(peer, frame, letter(frame)))
        peer.outstanding -= CROWD
        self._found += self.driver.poll(0.0)
        return taken

    def in_pass(self, function: Callable[[], T]) -> T:
        """Run a function while nobody polls."""
        return function()

    def arrivals(
        self, enough: Callable[[list[Arrival]], bool], limit: float = 5.0
    ) -> list[Arrival]:
        end = time.monotonic() + limit
        found, self._found = self._found, []
        while not enough(found):
            assert time.monotonic() < end, f"only {len(found)} arrived: {found[-1:]}"
            found += self.driver.poll(0.05)
        return found


class AsyncSide:
    """A client of the asyncio world; its loop runs only while one of these methods does."""

    def __init__(self, url: str) -> None:
        self._runner = asyncio.Runner()
        self._found: list[Arrival] = []
        self.driver = self._runner.run(self._open(url))

    async def _open(self, url: str) -> Any:
        driver = zeromq.connect_async(parse_url(url))
        driver.arrived = lambda peer, arrival: self._found.append((peer, arrival))
        return driver

    def in_pass(self, function: Callable[[], T]) -> T:
        """Run a function in one pass of the loop, and the next pass."""

        async def run() -> T:
            value = function()
            await asyncio.sleep(0)
            return value

        return self._runner.run(run())

    def peer(self, target: Target) -> Peer | None:
        # The loop first does what came while it did not run.
        self._runner.run(asyncio.sleep(0.001))
        peer: Peer | None = self.in_pass(lambda: self.driver.peer(target))
        return peer

    def send(self, peer: Peer, frame: bytes) -> None:
        self.in_pass(lambda: self.driver.send(peer, frame))

    def send_together(self, peer: Peer, frames: Sequence[bytes]) -> int:
        """Send in one pass of the loop; how many frames were taken before a refusal."""
        return self.in_pass(
            lambda: sent_of(frames, lambda frame: self.driver.send(peer, frame, letter(frame)))
        )

    def route(self, target: Target, timeout: float = 5.0) -> Peer:
        peer: Peer = self._runner.run(self.driver.route(target, timeout))
        return peer

    def fanout(self, target: Target, timeout: float = 5.0) -> tuple[Sequence[Peer], Sequence[str]]:
        return self._runner.run(self.driver.fanout(target, timeout))  # type: ignore[no-any-return]

    def arrivals(
        self, enough: Callable[[list[Arrival]], bool], limit: float = 5.0
    ) -> list[Arrival]:
        async def wait() -> None:
            end = time.monotonic() + limit
            while not enough(self._found):
                assert time.monotonic() < end, f"only {len(self._found)} arrived"
                await asyncio.sleep(0.002)

        self._runner.run(wait())
        found, self._found = self._found, []
        return found

    def close(self) -> None:
        self._runner.run(self.driver.close())

    def end(self) -> None:
        self.close()
        self._runner.close()


SIDES: dict[str, type[BlockingSide] | type[AsyncSide]] = {
    "blocking": BlockingSide,
    "asyncio": AsyncSide,
}


def call(client: Client, target: Target, frame: bytes) -> str:
    """Send a frame to a server of the target and expect it back; the name of the server."""
    peer = client.peer(target) or client.route(target)
    client.send(peer, frame)
    arrived = client.arrivals(bool)
    assert arrived == [(peer, frame)], f"{arrived} instead of {frame!r} from {peer.name}"
    return peer.name


def peer_named(client: Client, target: Target, name: str) -> Peer:
    """Choose until it is the server of that name."""

    def chosen() -> Peer | None:
        peer = client.peer(target) or client.route(target)
        return peer if peer.name == name else None

    peer: Peer = eventually(chosen)
    return peer


def refusal(client: Client, target: Target, timeout: float = 5.0) -> tuple[str, float]:
    """Expect that nobody serves the target; what the error says, and how long that took."""
    began = time.monotonic()
    try:
        peer = client.peer(target) or client.route(target, timeout)
    except NotSent as error:
        return str(error), time.monotonic() - began
    raise AssertionError(f"{peer.name} serves {target}")


def losses(found: list[Arrival]) -> list[tuple[str, type[RpcgenError]]]:
    """The names of the servers that were lost, and how."""
    return [(peer.name, type(why)) for peer, why in found if isinstance(why, RpcgenError)]
