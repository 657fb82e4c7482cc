"""Redis and programs that are killed and stopped, over kombu's transport; every limit is printed with what was measured."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from rpcgen.runtime import (
    ConfigurationError,
    ConnectionLost,
    DeadlineExceeded,
    NotSent,
    RpcgenError,
    Server,
)

from tests.conformance.lab import Bench, async_endpoint, endpoint
from tests.conformance.waiting import eventually
from tests.conformance.worlds import Worlds
from tests.redisd import RedisServer, kombu_url

ROOT = Path(__file__).parents[4]

#: How often redis is killed in a row.
ROUNDS = 5 if os.environ.get("RPCGEN_CHAOS") == "long" else 1


def serve(lab: ModuleType, url: str, name: str = "s1", bench: Bench | None = None) -> Server:
    return Server(url, server=name, endpoints=[endpoint(lab, bench or Bench(), name)])


def within(limit: float, act: Callable[[], Any]) -> Any:
    """Do something that may not take longer than that."""
    begun = time.monotonic()
    try:
        return act()
    finally:
        took = time.monotonic() - begun
        print(f"{took:.2f} s of {limit:g}")
        assert took < limit


def first_success(act: Callable[[], Any], limit: float) -> None:
    """Do something again until it works."""

    def works() -> bool:
        try:
            act()
        except RpcgenError:
            return False
        return True

    within(limit, lambda: eventually(works, limit))


@pytest.fixture
def launch(lab: ModuleType) -> Iterator[Callable[[str, str], subprocess.Popen[str]]]:
    """Starts servers in processes of their own, which are killed at the end."""
    running: list[subprocess.Popen[str]] = []
    directory = str(Path(str(lab.__file__)).parents[1])

    def start(url: str, name: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "tests.conformance.serve_lab", "blocking", directory]
        process = subprocess.Popen(
            [*command, url, name], cwd=ROOT, stdout=subprocess.PIPE, text=True
        )
        running.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        return process

    yield start
    for process in running:
        process.kill()
        process.wait(5.0)
        assert process.stdout is not None
        process.stdout.close()


class Load:
    """Threads that call one after the other, and cast; what became of each is counted, and nothing hangs."""

    def __init__(self, client: Any, timeout: float) -> None:
        self.good = 0
        self.failed: list[RpcgenError] = []
        self.longest = 0.0
        self._client = client.prepare(timeout=timeout)
        self._ended = threading.Event()
        self._number = 0
        self._lock = threading.Lock()
        self._threads = [threading.Thread(target=self._run) for _ in range(4)]
        for thread in self._threads:
            thread.start()

    def _run(self) -> None:
        while not self._ended.is_set():
            with self._lock:
                self._number += 1
                ticket = str(self._number)
            begun = time.monotonic()
            try:
                self._client.both(text=ticket)
                self.good += 1
            except RpcgenError as error:
                self.failed.append(error)
                self._ended.wait(0.01)
            self.longest = max(self.longest, time.monotonic() - begun)

    def goes_on(self, more: int, limit: float) -> None:
        """Wait until so many more calls have succeeded."""
        before = self.good
        eventually(lambda: self.good > before + more, limit)

    def fails(self, more: int) -> None:
        """Wait until so many more calls have failed."""
        before = len(self.failed)
        eventually(lambda: len(self.failed) > before + more)

    def end(self) -> None:
        self._ended.set()
        for thread in self._threads:
            thread.join(10.0)
            assert not thread.is_alive()


def test_redis_is_killed_and_comes_back(lab: ModuleType, server: RedisServer) -> None:
    """Under load: no call outlives its deadline or runs twice, and all works soon after it is back."""
    url, bench = kombu_url(server.url()), Bench()
    with serve(lab, url, bench=bench), serve(lab, url, "s2", bench), lab.LabClient(url) as client:
        client.both(text="first")
        load = Load(client, 2.0)
        for _ in range(ROUNDS):
            load.goes_on(20, 5.0)
            server.kill()
            load.fails(4)
            server.start()
            within(6.0, lambda: load.goes_on(20, 6.0))
        load.end()
        print(
            f"{load.good} calls, {len(load.failed)} failed, the longest took {load.longest:.2f} s"
        )
        assert load.longest < 2.5
        assert {type(each) for each in load.failed} <= {NotSent, ConnectionLost, DeadlineExceeded}
        assert len(bench.notes) == len(set(bench.notes))
        assert len(bench.notes) >= load.good


@pytest.mark.parametrize("world", ["blocking", "asyncio"])
def test_calls_under_way_learn_that_redis_was_killed(
    lab: ModuleType, server: RedisServer, world: str
) -> None:
    """As ConnectionLost, and not at their deadline; and both sides find each other again."""
    url, bench, worlds = kombu_url(server.url()), Bench(), Worlds(world, world)
    make = endpoint if world == "blocking" else async_endpoint
    with ThreadPoolExecutor(1) as pool:
        try:
            worlds.server(url, server="s1", endpoints=[make(lab, bench, "s1")])
            client = worlds.client(lab, "Lab", url)
            running = pool.submit(lambda: client.prepare(timeout=30.0).nap(seconds=20.0))
            assert bench.started.wait(5.0)
            server.kill()
            with pytest.raises(ConnectionLost):
                within(2.0, lambda: running.result(5.0))
            bench.release.set()
            server.start()
            first_success(lambda: client.prepare(timeout=1.0).add(a=1), 6.0)
        finally:
            within(4.0, worlds.close)


def test_programs_may_start_before_redis(lab: ModuleType, server: RedisServer) -> None:
    """A call is NotSent at its deadline, a server that starts waits a while, and both find each other in the end."""
    server.kill()
    url = kombu_url(server.url())
    with lab.LabClient(url) as client, ThreadPoolExecutor(1) as pool:
        with pytest.raises(NotSent):
            within(1.0, lambda: client.prepare(timeout=0.5).add(a=1))
        serving = serve(lab, url)
        starting = pool.submit(serving.start)
        server.start()
        first_success(lambda: client.prepare(timeout=1.0).add(a=1), 6.0)
        starting.result(6.0)
        serving.stop()


@pytest.mark.parametrize("world", ["blocking", "asyncio"])
def test_redis_that_does_not_answer_holds_nobody_up(
    lab: ModuleType, server: RedisServer, world: str
) -> None:
    """Calls and casts end at their deadlines, and closing takes no longer than two seconds."""
    url, worlds = kombu_url(server.url()), Worlds(world, world)
    make = endpoint if world == "blocking" else async_endpoint
    try:
        serving = worlds.server(url, server="s1", endpoints=[make(lab, Bench(), "s1")])
        client = worlds.client(lab, "Lab", url)
        assert client.add(a=1) == 2
        server.pause()
        for _ in range(2):
            with pytest.raises((NotSent, DeadlineExceeded, ConnectionLost)):
                within(1.0, lambda: client.prepare(timeout=0.5).add(a=1))
        with pytest.raises((NotSent, DeadlineExceeded, ConnectionLost)):
            within(1.0, lambda: client.prepare(timeout=0.5).note(text="x"))
        server.resume()
        first_success(lambda: client.prepare(timeout=1.0).add(a=1), 6.0)
        server.pause()
        within(2.0, client.close)
        within(2.0, lambda: serving.stop(0.0))
        server.resume()
    finally:
        worlds.close()


def test_closing_while_redis_is_gone_takes_no_time(lab: ModuleType, server: RedisServer) -> None:
    """Nor leaves it a thread."""
    threads = threading.active_count()
    url = kombu_url(server.url())
    client, serving = lab.LabClient(url), serve(lab, url)
    serving.start()
    assert client.add(a=1) == 2
    server.kill()
    within(2.0, client.close)
    within(2.0, lambda: serving.stop(0.0))
    eventually(lambda: threading.active_count() <= threads)


@pytest.mark.timeout(60)
def test_a_killed_server_is_missed(
    lab: ModuleType, server: RedisServer, launch: Callable[[str, str], subprocess.Popen[str]]
) -> None:
    """Its caller is told within eight seconds, the next call reaches the other, and nothing of it stays in redis."""
    url = kombu_url(server.url())
    first = launch(url, "s1")
    launch(url, "s2")
    with lab.LabClient(url) as client, ThreadPoolExecutor(1) as pool:
        running = pool.submit(lambda: client.prepare(server="s1", timeout=30.0).nap(seconds=25.0))
        own = f".{first.pid}."

        def has_it() -> bool:
            from rpcgen.runtime.rpcgen_meta import MetaClient

            with MetaClient(client._transport, exchange="test", topic="lab") as meta:
                return meta.prepare(server="s1").health().running >= 1

        eventually(has_it)
        os.kill(first.pid, signal.SIGKILL)
        with pytest.raises(ConnectionLost, match="fallen silent"):
            within(8.0, lambda: running.result(10.0))
        assert {client.report().server for _ in range(10)} == {"s2"}

        def stays(redis: Any) -> list[Any]:
            bound = redis.smembers("_kombu.binding.rpcgen.directory")
            return redis.keys(f"*{own}*") + [each for each in bound if own.encode() in each]

        eventually(lambda: server.ask(stays) == [])


CLIENT = """
import sys
sys.path.insert(0, sys.argv[1])
from test_lab import LabClient
client = LabClient(sys.argv[2])
print(client.add(a=1), flush=True)
client.prepare(timeout=60.0).nap(seconds=60.0)
"""


def test_the_queue_of_a_killed_client_goes_by_itself(lab: ModuleType, server: RedisServer) -> None:
    """What is written to it expires, because nobody is sure to clear up."""
    url, bench = kombu_url(server.url()), Bench()
    directory = str(Path(str(lab.__file__)).parents[1])
    with serve(lab, url, bench=bench) as serving:
        client = subprocess.Popen(
            [sys.executable, "-c", CLIENT, directory, url], stdout=subprocess.PIPE, text=True
        )
        assert client.stdout is not None
        assert client.stdout.readline() == "2\n"
        assert bench.started.wait(5.0)
        client.kill()
        client.wait(5.0)
        client.stdout.close()
        bench.release.set()
        eventually(lambda: serving.serving.work.held == 0)
        eventually(lambda: server.ask(lambda redis: redis.keys("rpcgen.reply.*")) != [])

        def left(redis: Any) -> list[int]:
            return [redis.ttl(key) for key in redis.keys("rpcgen.reply.*")]

        assert all(0 < seconds <= 60 for seconds in server.ask(left))


def test_a_server_that_was_taken_for_dead_is_found_again(
    lab: ModuleType, server: RedisServer
) -> None:
    """Whoever buries it by mistake costs it two seconds."""
    url = kombu_url(server.url())
    with serve(lab, url), lab.LabClient(url) as client:
        assert client.add(a=1) == 2
        server.ask(lambda redis: redis.flushall())
        first_success(lambda: client.prepare(timeout=1.0).add(a=1), 4.0)
        bound = "_kombu.binding.rpcgen.directory"
        within(4.0, lambda: eventually(lambda: server.ask(lambda redis: redis.exists(bound)), 4.0))


def test_a_forks_child_is_told_so(lab: ModuleType, server: RedisServer) -> None:
    """Its parent notices nothing."""
    url = kombu_url(server.url())
    with serve(lab, url), lab.LabClient(url) as client:
        assert client.add(a=1) == 2
        child = os.fork()
        if not child:
            try:
                client.add(a=1)
            except ConfigurationError:
                os._exit(7)
            os._exit(1)
        _, status = os.waitpid(child, 0)
        assert os.waitstatus_to_exitcode(status) == 7
        assert client.add(a=1) == 2


def test_connections_are_cut_again_and_again(lab: ModuleType, server: RedisServer) -> None:
    """All of them, ten times under load: each call has one end in time, and each program has its connections again."""
    url, bench = kombu_url(server.url()), Bench()

    def connections(redis: Any) -> int:
        return len(redis.client_list())

    def cut(redis: Any) -> None:
        for kind in ("normal", "pubsub"):
            redis.client_kill_filter(_type=kind, skipme=True)

    with serve(lab, url, bench=bench), serve(lab, url, "s2", bench), lab.LabClient(url) as client:
        client.both(text="first")
        before = server.ask(connections)
        load = Load(client, 2.0)
        for _ in range(10):
            load.goes_on(5, 6.0)
            server.ask(cut)
        load.goes_on(20, 6.0)
        load.end()
        print(
            f"{load.good} calls, {len(load.failed)} failed, the longest took {load.longest:.2f} s"
        )
        assert load.longest < 2.5
        assert {type(each) for each in load.failed} <= {NotSent, ConnectionLost}
        assert len(bench.notes) == len(set(bench.notes))
        assert len(bench.notes) >= load.good
        eventually(lambda: server.ask(connections) <= before)


def test_who_waits_for_a_server_that_was_cut_off_is_told(
    lab: ModuleType, server: RedisServer
) -> None:
    """Redis may have handed out a request that never arrived there, and nobody else would know."""
    url, bench = kombu_url(server.url()), Bench()
    with lab.LabClient(url) as client, ThreadPoolExecutor(1) as pool:
        with pytest.raises(NotSent):
            client.add(a=1)  # so that the client has its connections

        def ids(redis: Any) -> set[str]:
            return {each["id"] for each in redis.client_list()}

        clients = server.ask(ids)
        with serve(lab, url, bench=bench):
            running = pool.submit(lambda: client.prepare(timeout=30.0).nap(seconds=20.0))
            assert bench.started.wait(5.0)

            def cut(redis: Any) -> None:
                for each in redis.client_list():
                    if each["id"] not in clients and each["id"] != str(redis.client_id()):
                        redis.client_kill_filter(_id=each["id"])

            server.ask(cut)
            with pytest.raises(ConnectionLost, match="lost its connection"):
                within(4.0, lambda: running.result(5.0))
            bench.release.set()
            first_success(lambda: client.prepare(timeout=1.0).add(a=1), 6.0)
