"""Closing, forking, and what is left afterwards: nothing."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from rpcgen.runtime import ConfigurationError, NotSent
from rpcgen.runtime.drivers import zeromq
from rpcgen.runtime.drivers.zeromq.waiting import Waiter
from rpcgen.runtime.peers import Peer
from rpcgen.runtime.url import parse_url

from tests.runtime.drivers.zeromq.parts import (
    CROWD,
    ROOT,
    TOPIC,
    AsyncSide,
    BlockingSide,
    Client,
    ServerProcess,
    call,
    eventually,
    letter,
    sent_of,
)

Launch = Callable[..., ServerProcess]


def open_files() -> int:
    return len(os.listdir("/proc/self/fd"))


def native_threads() -> int:
    return len(os.listdir("/proc/self/task"))


def use_blocking(url: str) -> None:
    """A server and a client, one call, both closed."""
    listener = zeromq.listen(parse_url(url), [TOPIC], "s1")
    stop = threading.Event()

    def serve() -> None:
        while not stop.is_set():
            for caller, frame in listener.poll(None):
                listener.send(caller, frame)

    thread = threading.Thread(target=serve)
    thread.start()
    client = BlockingSide(url)
    call(client, TOPIC, b"hello")
    client.close()
    stop.set()
    listener.wake()
    thread.join()
    listener.close()


def use_asyncio(url: str) -> None:
    """The same on a loop."""

    async def run() -> None:
        listener = zeromq.listen_async(parse_url(url), [TOPIC], "s1")
        listener.arrived = listener.send  # type: ignore[assignment]
        await listener.start()
        client = zeromq.connect_async(parse_url(url))
        arrived: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        client.arrived = lambda _, frame: arrived.set_result(frame)
        client.send(await client.route(TOPIC, 5.0), b"hello")
        assert await arrived == b"hello"
        await client.close()
        await listener.close()

    asyncio.run(run())


@pytest.mark.parametrize("use", [use_blocking, use_asyncio])
def test_nothing_is_left(url: str, directory: Path, use: Callable[[str], None]) -> None:
    """After forty servers and clients there are no more files, sockets and threads than after the first."""
    use(url)
    # A thread that was joined may be seen for a moment longer.
    files, threads = open_files(), native_threads()
    for _ in range(40):
        use(url)
    eventually(lambda: open_files() <= files and native_threads() <= threads)
    if directory.exists():
        assert list(directory.iterdir()) == []


def test_closing_is_quick_and_may_be_repeated(
    connect: Callable[[str], Client], tcp: str, launch: Launch
) -> None:
    """A server that stands still holds a client with unsent frames up for half a second."""
    server = launch(tcp)
    client = connect(tcp)
    peer = client.route(TOPIC)
    server.pause()
    for _ in range(200):
        client.send(peer, b"x" * 100_000)
    began = time.monotonic()
    client.close()
    client.close()
    assert time.monotonic() - began < 1.0


def test_what_was_sent_before_closing_arrives(ipc: str) -> None:
    """Casts are not lost because the program ends at once."""
    listener = zeromq.listen(parse_url(ipc), [TOPIC], "s1")
    found: list[bytes] = []

    def serve() -> None:
        while len(found) < 1000:
            found.extend(frame for _, frame in listener.poll(5.0))

    thread = threading.Thread(target=serve)
    thread.start()
    client = BlockingSide(ipc)
    peer = client.route(TOPIC)
    for number in range(1000):
        client.send(peer, b"%d" % number)
    client.close()
    thread.join(10.0)
    listener.close()
    assert found == [b"%d" % number for number in range(1000)]


def test_answers_sent_before_closing_arrive(ipc: str) -> None:
    """What was handed to a listener's `send` leaves before its close returns, even to a client that is slow to read."""
    listener = zeromq.listen(parse_url(ipc), [TOPIC], "s1")

    def serve() -> None:
        answered = 0
        while answered < 500:
            for caller, frame in listener.poll(5.0):
                assert listener.send(caller, frame)
                answered += 1
        listener.close()

    thread = threading.Thread(target=serve)
    thread.start()
    client = BlockingSide(ipc)
    peer = client.route(TOPIC)
    for number in range(500):
        client.send(peer, b"%d" % number)
    thread.join(10.0)
    found = client.arrivals(lambda found: len(found) == 501)
    client.close()
    assert [frame for _, frame in found[:500]] == [b"%d" % number for number in range(500)]


def test_a_closed_client_sends_nothing(ipc: str, launch: Launch) -> None:
    """It says that it is closed."""
    launch(ipc)
    client = BlockingSide(ipc)
    peer = client.route(TOPIC)
    client.close()
    assert client.peer(TOPIC) is None
    assert client.driver.poll(1.0) == []
    client.driver.wake()
    for use in (lambda: client.send(peer, b"x"), lambda: client.route(TOPIC)):
        with pytest.raises(NotSent, match="closed"):
            use()


def test_a_closed_listener_answers_nobody(ipc: str) -> None:
    """Its methods do nothing."""
    listener = zeromq.listen(parse_url(ipc), [TOPIC], "s1")
    listener.close()
    listener.close()
    listener.withdraw()
    listener.wake()
    assert listener.poll(1.0) == []
    assert not listener.send(b"R" * 17, b"x")


def test_who_was_about_to_wait_when_it_was_closed_finds_nothing(
    ipc: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The system may keep a thread from waiting for longer than closing waits for it."""
    listener = zeromq.listen(parse_url(ipc), [TOPIC], "s1")
    client = zeromq.connect(parse_url(ipc))
    reached, closed, wait = threading.Barrier(3), threading.Event(), Waiter.wait

    def late(waiter: Waiter, timeout: float | None) -> Any:
        reached.wait(5.0)
        assert closed.wait(5.0)
        return wait(waiter, timeout)

    monkeypatch.setattr(Waiter, "wait", late)
    with ThreadPoolExecutor(2) as pool:
        polls = [pool.submit(each.poll, None) for each in (listener, client)]
        reached.wait(5.0)
        listener.close()
        client.close()
        closed.set()
        assert [list(poll.result(5.0)) for poll in polls] == [[], []]


def test_an_address_in_use_is_refused(tcp: str) -> None:
    """The error names it, and nothing is left open."""
    listener = zeromq.listen(parse_url(tcp), [TOPIC], "s1")
    with pytest.raises(ConfigurationError, match=f"cannot listen on {tcp.removeprefix('zmq+')}"):
        zeromq.listen(parse_url(tcp), [TOPIC], "s2")
    listener.close()


def test_any_free_port(ipc: str) -> None:
    """A server may listen on port 0, or elsewhere than its URL says; `addresses` tells where."""
    listener = zeromq.listen(parse_url("zmq+tcp://localhost:0"), [TOPIC], "s1")
    [address] = listener.addresses
    assert address.startswith("tcp://127.0.0.1:")
    assert not address.endswith(":0")
    listener.close()
    listener = zeromq.listen(parse_url("zmq+tcp://h1:1,h2:2?bind=127.0.0.1:0"), [TOPIC], "s1")
    assert listener.addresses[0].startswith("tcp://127.0.0.1:")
    listener.close()


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_fork_does_not_use_its_parents_sockets(ipc: str, launch: Launch) -> None:
    """In the child the client says that it belongs to the parent; a new one works, and the parent's goes on."""
    launch(ipc)
    client = BlockingSide(ipc)
    peer = client.route(TOPIC)
    context = multiprocessing.get_context("fork")
    answers = context.SimpleQueue()

    def child() -> None:
        said = []
        for use in (
            lambda: client.peer(TOPIC),
            lambda: client.route(TOPIC),
            lambda: client.send(peer, b"child"),
            lambda: client.driver.poll(0.1),
        ):
            try:
                use()
                said.append("nothing")
            except ConfigurationError as error:
                said.append(str(error))
        client.close()
        own = BlockingSide(ipc)
        said.append(call(own, TOPIC, b"child's own"))
        own.close()
        answers.put(said)

    process = context.Process(target=child)
    process.start()
    process.join(10.0)
    assert process.exitcode == 0
    *said, name = answers.get()
    assert len(said) == 4
    assert all("before a fork" in text for text in said)
    assert name == "s1"
    for number in range(100):
        call(client, TOPIC, b"%d" % number)
    client.close()


def test_a_program_may_end_without_closing(ipc: str, launch: Launch) -> None:
    """The interpreter ends in time and without a traceback."""
    launch(ipc)
    program = (
        "from rpcgen.runtime import Target\n"
        "from rpcgen.runtime.drivers import zeromq\n"
        "from rpcgen.runtime.url import parse_url\n"
        f"client = zeromq.connect(parse_url({ipc!r}))\n"
        "client.send(client.route(Target('test', 'echo'), 5.0), b'x')\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
        timeout=5.0,
    )
    assert (ended.returncode, ended.stderr) == (0, "")


def test_a_blocking_client_imports_no_asyncio() -> None:
    """A program of one world does not pay for the other."""
    program = (
        "import sys\n"
        "from rpcgen.runtime.drivers import zeromq\n"
        "from rpcgen.runtime.url import parse_url\n"
        "zeromq.connect(parse_url('zmq+tcp://127.0.0.1:1')).close()\n"
        "print([name for name in ('asyncio', 'kombu', 'jinja2', 'yaml') if name in sys.modules])\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
        timeout=10.0,
    )
    assert ended.stdout == "[]\n", ended.stderr


#: Messages for which there is room at one server; casts of one pass, and how long each is: more than there is room for.
HWM, COUNT, SIZE = 5, 30, 200_000


def cast_in_pass(client: AsyncSide, peer: Peer) -> int:
    """Cast to a server that does not read; how many of them wait here."""
    frames = [b"x" * SIZE] * COUNT
    taken = client.in_pass(
        lambda: sent_of(frames, lambda frame: client.driver.post(peer, frame, letter(frame), 1.0))
    )
    waiting: int = client.driver._outbox.waiting
    assert 0 < waiting < taken == COUNT
    return waiting


def dropping(caplog: pytest.LogCaptureFixture) -> list[str]:
    """What the log says of what was dropped."""
    texts = [record.getMessage() for record in caplog.records if record.name == "rpcgen.zeromq"]
    return [text for text in texts if text.startswith("dropped")]


@pytest.mark.usefixtures("unhurried")
@pytest.mark.parametrize("how", ["closed", "lost"])
def test_casts_that_wait_here_are_counted_when_they_cannot_leave(
    ipc: str, launch: Launch, caplog: pytest.LogCaptureFixture, how: str
) -> None:
    """When the client is closed, after a moment for them, and when the server is gone; the log says it once."""
    server = launch(ipc)
    client = AsyncSide(f"{ipc}?hwm={HWM}")
    peer = client.route(TOPIC)
    server.pause()
    waiting = cast_in_pass(client, peer)
    assert client.driver.counters["dropped"] == 0
    began = time.monotonic()
    if how == "lost":
        server.kill()
        client.arrivals(bool)
    client.close()
    assert time.monotonic() - began < 1.5
    dropped = client.driver.counters["dropped"]
    assert 0 < dropped <= waiting
    (said,) = dropping(caplog)
    assert f"dropped {dropped} casts or events that had not left ({dropped} to s1)" in said
    client._runner.close()


@pytest.mark.usefixtures("unhurried")
def test_casts_that_wait_here_leave_when_a_client_is_closed(ipc: str, launch: Launch) -> None:
    """If the server reads meanwhile."""
    server = launch(ipc)
    client = AsyncSide(f"{ipc}?hwm={HWM}")
    peer = client.route(TOPIC)
    server.pause()
    cast_in_pass(client, peer)
    os.kill(server.process.pid, signal.SIGCONT)
    other = BlockingSide(ipc)
    call(other, TOPIC, b"reads again")
    other.close()
    client.end()
    assert client.driver.counters["dropped"] == 0


def test_a_cast_is_not_left_to_another_thread(ipc: str, launch: Launch) -> None:
    """Also where calls are: whoever casts is told at once that there is no room."""
    launch(ipc)
    client = BlockingSide(ipc)
    peer = client.route(TOPIC)
    client.driver.poll(0.0, staying=True)
    peer.outstanding += CROWD
    client.driver.post(peer, b"cast", letter(b"cast"), 1.0)
    assert not client.driver._mail.lies
    client.driver.send(peer, b"call", letter(b"call"))
    assert client.driver._mail.lies
    client.close()
