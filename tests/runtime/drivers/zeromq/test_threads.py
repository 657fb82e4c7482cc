"""Many threads, and sockets whose readiness is told only once: nothing is lost, nobody sleeps too long."""

from __future__ import annotations

import asyncio
import queue
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from rpcgen.runtime import NotSent, Target
from rpcgen.runtime.drivers import zeromq
from rpcgen.runtime.drivers.zeromq.blocking.client import BlockingClient
from rpcgen.runtime.peers import Peer
from rpcgen.runtime.url import parse_url

from tests.runtime.drivers.zeromq.parts import TOPIC, ServerProcess, eventually

Launch = Callable[..., ServerProcess]
WAIT = 50.0

pytestmark = pytest.mark.timeout(120)


@pytest.fixture
def client(ipc: str) -> Iterator[BlockingClient]:
    made = zeromq.connect(parse_url(ipc))
    yield made
    made.close()


class Reader:
    """One thread that polls, and hands each frame to the queue that its first byte names."""

    def __init__(self, client: BlockingClient, queues: int) -> None:
        self.queues: list[queue.SimpleQueue[Any]] = [queue.SimpleQueue() for _ in range(queues)]
        self._client = client
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        while not self._stop.is_set():
            # Without a timeout: an arrival that goes unnoticed stops the test.
            for _, frame in self._client.poll(None):
                assert isinstance(frame, bytes)
                self.queues[frame[0]].put(frame)

    def stop(self) -> None:
        self._stop.set()
        self._client.wake()
        self._thread.join(WAIT)
        assert not self._thread.is_alive()


def in_threads(count: int, work: Callable[[int], None]) -> None:
    """Run `work` in so many threads; the first failure is raised."""
    failures: list[BaseException] = []

    def run(number: int) -> None:
        try:
            work(number)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(WAIT)
    assert not any(thread.is_alive() for thread in threads), "a thread hangs"
    if failures:
        raise failures[0]


def test_no_reply_is_lost_while_others_send(
    client: BlockingClient, ipc: str, launch: Launch
) -> None:
    """Eight threads send one call at a time while a ninth polls without a timeout: each gets its own replies."""
    launch(ipc)
    peer = client.route(TOPIC, 5.0)
    reader = Reader(client, 8)

    def work(number: int) -> None:
        for count in range(2500):
            frame = bytes([number]) + b"%d" % count
            client.send(peer, frame)
            assert reader.queues[number].get(timeout=5.0) == frame

    in_threads(8, work)
    reader.stop()


def test_no_reply_is_lost_in_bursts(client: BlockingClient, ipc: str, launch: Launch) -> None:
    """Bursts from several threads to two servers come back whole, in order for each thread and server."""
    for name in ("s1", "s2"):
        launch(ipc, name)
    peers = [client.route(Target("test", "echo", server=name), 5.0) for name in ("s1", "s2")]
    reader = Reader(client, 8)

    def work(number: int) -> None:
        peer = peers[number % 2]
        for burst in range(40):
            frames = [bytes([number]) + b"%d.%d" % (burst, count) for count in range(100)]
            for frame in frames:
                client.send(peer, frame)
            assert [reader.queues[number].get(timeout=5.0) for _ in frames] == frames

    in_threads(8, work)
    reader.stop()


def test_the_lead_passes_between_callers(client: BlockingClient, ipc: str, launch: Launch) -> None:
    """Threads that poll in turn, as blocking callers do, find what came while others had the lead."""
    launch(ipc)
    peer = client.route(TOPIC, 5.0)
    lead = threading.Lock()
    done: list[set[bytes]] = [set() for _ in range(4)]

    def work(number: int) -> None:
        for count in range(1500):
            frame = bytes([number]) + b"%d" % count
            client.send(peer, frame)
            while frame not in done[number]:
                if lead.acquire(timeout=0.0005):
                    try:
                        if frame in done[number]:
                            break
                        for _, found in client.poll(0.05):
                            assert isinstance(found, bytes)
                            done[found[0]].add(found)
                    finally:
                        lead.release()

    in_threads(4, work)
    assert [len(found) for found in done] == [1500] * 4


def test_searches_and_calls_go_on_side_by_side(
    client: BlockingClient, ipc: str, launch: Launch
) -> None:
    """Threads that look for servers, found or not, neither miss their news nor hold up the one that polls."""
    launch(ipc, "s1", "echo", *(f"t{number}" for number in range(8)))
    peer = client.route(TOPIC, 5.0)
    reader = Reader(client, 8)

    def work(number: int) -> None:
        for count in range(100):
            topic = Target("test", f"t{number}" if count % 2 else "nobody")
            try:
                assert client.route(topic, 5.0) is peer
            except NotSent:
                assert topic.topic == "nobody"
            frame = bytes([number]) + b"%d" % count
            client.send(peer, frame)
            assert reader.queues[number].get(timeout=5.0) == frame

    in_threads(8, work)
    reader.stop()


@pytest.mark.parametrize("polled", [True, False])
def test_many_threads_search_at_once(ipc: str, launch: Launch, polled: bool) -> None:
    """The first search of all of them ends, whether or not somebody polls, and all use one connection."""
    launch(ipc)
    for _ in range(20):
        client = zeromq.connect(parse_url(ipc))
        reader = Reader(client, 1) if polled else None
        found: list[Peer] = []
        in_threads(6, lambda _: found.append(client.route(TOPIC, 5.0)))  # noqa: B023
        assert len(found) == 6
        assert len(set(found)) == 1
        if reader is not None:
            reader.stop()
        client.close()


def test_many_who_search_for_a_dead_server_are_told_together(tcp: str) -> None:
    """It is tried 2.5 times a second at most, and an attempt counts for everybody who waited for it."""
    client = zeromq.connect(parse_url(tcp))
    took: list[float] = []

    def search(_: int) -> None:
        began = time.monotonic()
        with pytest.raises(NotSent, match="connection refused"):
            client.route(TOPIC, WAIT)
        took.append(time.monotonic() - began)

    for number in range(6):  # more than may be tried at once
        search(number)
    in_threads(32, search)
    client.close()
    assert max(took) <= 1.0


def test_a_wake_is_never_lost(client: BlockingClient) -> None:
    """A wake before or during a poll ends it."""
    for _ in range(500):
        thread = threading.Thread(target=client.wake)
        thread.start()
        assert client.poll(5.0) == []
        thread.join()


def test_closing_ends_a_poll_and_a_search(ipc: str, launch: Launch) -> None:
    """A thread that waits without a timeout, and one that searches, leave when the client is closed."""
    launch(ipc).pause()
    client = zeromq.connect(parse_url(ipc))
    searching = threading.Event()

    def work(number: int) -> None:
        if number == 0:
            assert client.poll(None) == []
        elif number == 1:
            searching.set()
            with pytest.raises(NotSent):
                client.route(TOPIC, 10.0)
        else:
            searching.wait()
            eventually(lambda: client.counters is not None)
            client.close()

    in_threads(3, work)


def test_workers_answer_while_the_reader_waits(ipc: str) -> None:
    """Answers sent by other threads never hide a request that comes at the same moment."""
    listener = zeromq.listen(parse_url(ipc), [TOPIC], "s1")
    jobs: queue.SimpleQueue[Any] = queue.SimpleQueue()
    stop = threading.Event()

    def read() -> None:
        while not stop.is_set():
            for job in listener.poll(None):
                jobs.put(job)

    def answer() -> None:
        while (job := jobs.get()) is not None:
            assert listener.send(*job)

    threads = [threading.Thread(target=run) for run in (read, answer, answer, answer)]
    for thread in threads:
        thread.start()

    def call(number: int) -> None:
        client = zeromq.connect(parse_url(ipc))
        peer = client.route(TOPIC, 5.0)
        for count in range(1500):
            client.send(peer, b"%d" % count)
            assert client.poll(5.0) == [(peer, b"%d" % count)]
        client.close()

    in_threads(4, call)
    stop.set()
    listener.wake()
    for _ in range(3):
        jobs.put(None)
    for thread in threads:
        thread.join(WAIT)
    listener.close()


async def test_no_reply_is_lost_on_a_loop(ipc: str, launch: Launch) -> None:
    """Sixty-four tasks, with sends of their own between, each get every reply."""
    launch(ipc)
    client = zeromq.connect_async(parse_url(ipc))
    waiting: dict[bytes, asyncio.Future[None]] = {}
    client.arrived = lambda peer, arrival: waiting.pop(arrival).set_result(None)  # type: ignore[arg-type]
    peer = await client.route(TOPIC, 5.0)
    loop = asyncio.get_running_loop()

    async def work(number: int) -> None:
        for count in range(200):
            frame = b"%d.%d" % (number, count)
            waiting[frame] = loop.create_future()
            client.send(peer, frame)
            await waiting.get(frame, waiting[frame])

    async with asyncio.timeout(WAIT), asyncio.TaskGroup() as tasks:
        for number in range(64):
            tasks.create_task(work(number))
    await client.close()


async def test_many_who_search_on_a_loop_for_a_dead_server_are_told_together(tcp: str) -> None:
    """As with threads."""
    client = zeromq.connect_async(parse_url(tcp))
    took: list[float] = []

    async def search() -> None:
        began = time.monotonic()
        with pytest.raises(NotSent, match="connection refused"):
            await client.route(TOPIC, WAIT)
        took.append(time.monotonic() - began)

    for _ in range(6):
        await search()
    await asyncio.gather(*(search() for _ in range(32)))
    await client.close()
    assert max(took) <= 1.0


async def test_a_failing_receiver_costs_nothing_that_came_with_it(ipc: str, launch: Launch) -> None:
    """An exception in `arrived` is told to the loop, and the frames behind it are delivered."""
    launch(ipc)
    client = zeromq.connect_async(parse_url(ipc))
    told: list[object] = []
    asyncio.get_running_loop().set_exception_handler(
        lambda _, context: told.append(context["exception"])
    )
    arrived: list[object] = []
    done = asyncio.Event()

    def receive(peer: Peer, frame: object) -> None:
        arrived.append(frame)
        if len(arrived) == 100:
            done.set()
        if frame == b"3":
            raise ValueError("three")

    client.arrived = receive
    peer = await client.route(TOPIC, 5.0)
    for number in range(100):
        client.send(peer, b"%d" % number)
    async with asyncio.timeout(WAIT):
        await done.wait()
    assert arrived == [b"%d" % number for number in range(100)]
    assert [str(error) for error in told] == ["three"]
    await client.close()
