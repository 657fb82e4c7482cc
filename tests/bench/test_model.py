"""What the model of large fleets says of a small one, next to what a small one does: real servers, clients and redis.

Costs of memory and CPU are a machine's; these are the rates and counts, which are the protocol's.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import psutil
import pytest

from tests.bench import simulation
from tests.chaos.proxy import Chunks, Proxy
from tests.ports import free_port
from tests.redisd import RedisServer
from tests.runtime.drivers.zeromq.parts import TOPIC, BlockingSide, ServerProcess

WORKERS, CLIENTS = 4, 2
#: Seconds that are watched: three heartbeats, six looks of a client, nearly three renewals of a worker.
WATCHED = 5.6
#: How far a count may be from the model, which knows no beginning and no end of what is watched.
NEAR = 0.25


@dataclass
class Seen:
    """What happened: per second, or per client."""

    commands: float
    connections: float
    fds: float
    pings: float


@pytest.fixture(scope="module")
def seen() -> Iterator[Seen]:
    """A fleet that registers in redis; and a client that reaches its server through a proxy, which counts."""
    pings = 0

    async def count(chunks: Chunks) -> Chunks:
        nonlocal pings
        async for chunk in chunks:
            pings += chunk.count(b"\x04PING")
            yield chunk

    with ExitStack() as stack:
        redis = RedisServer().start()
        stack.callback(redis.end)
        workers = [_worker(redis.url(), f"s{number}", stack) for number in range(WORKERS)]
        port = free_port()
        _worker(f"zmq+tcp://127.0.0.1:{port}", "proxied", stack)
        proxy = stack.enter_context(Proxy(port, up=[count]))
        process = psutil.Process()
        before = process.num_fds()
        for _ in range(CLIENTS):
            reached, missed = _client(redis.url(), stack).fanout(TOPIC)
            assert (len(reached), list(missed)) == (WORKERS, [])
        fds = process.num_fds() - before
        connections = sum(_accepted(worker) for worker in workers)
        _client(f"zmq+tcp://127.0.0.1:{proxy.port}", stack).route(TOPIC)
        commands, pings = _commands(redis), 0
        threading.Event().wait(WATCHED)
        yield Seen(
            commands=(_commands(redis) - commands) / WATCHED,
            connections=connections / CLIENTS,
            fds=fds / CLIENTS,
            pings=pings / WATCHED,
        )


def _worker(url: str, name: str, stack: ExitStack) -> ServerProcess:
    worker = ServerProcess("blocking", url, name, ["echo"])
    stack.callback(worker.end)
    return worker


def _client(url: str, stack: ExitStack) -> BlockingSide:
    client = BlockingSide(url)
    stack.callback(client.end)
    return client


def _accepted(worker: ServerProcess) -> int:
    """The connections that a worker has from clients."""
    every = psutil.Process(worker.process.pid).net_connections("tcp")
    [own] = {each.laddr.port for each in every if each.status == psutil.CONN_LISTEN}
    return sum(each.laddr.port == own for each in every) - 1


def _commands(redis: RedisServer) -> int:
    told: dict[str, int] = redis.ask(lambda client: client.info("stats"))
    return told["total_commands_processed"]


def test_redis_is_asked_as_often_as_the_model_says(seen: Seen) -> None:
    """By workers that renew, and clients that look."""
    fleet = simulation.Fleet(WORKERS, WORKERS, client_share=CLIENTS / WORKERS)
    assert seen.commands == pytest.approx(simulation.costs(fleet).commands, rel=NEAR)


def test_a_client_has_the_connections_and_descriptors_that_the_model_says(seen: Seen) -> None:
    """One connection to each worker; the descriptors are those of the links, and no more than those of a client besides."""
    costs = simulation.costs(simulation.Fleet(WORKERS, WORKERS))
    assert seen.connections == costs.client_connections
    assert costs.client_fds - simulation.OTHER_FDS < seen.fds <= costs.client_fds


def test_a_connection_is_pinged_as_often_as_the_model_says(seen: Seen) -> None:
    """By the client."""
    costs = simulation.costs(simulation.Fleet(1, 1))
    assert seen.pings == pytest.approx(costs.pings, abs=1.1 / WATCHED)
