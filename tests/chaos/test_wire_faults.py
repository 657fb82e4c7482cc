"""What lies between client and server slices, delays, cuts, changes and repeats what they say."""

from __future__ import annotations

import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path

import pytest

from tests.chaos.asking import Asker
from tests.chaos.fleet import LONG, Fleet, Fleets, report, seconds
from tests.chaos.journal import Ended
from tests.chaos.payloads import payload
from tests.chaos.proxy import (
    Proxy,
    Toxic,
    bandwidth,
    blackhole,
    corrupt,
    cut_after,
    latency,
    record,
    slices,
    stalled,
    twice,
)
from tests.conformance.waiting import eventually
from tests.rabbitd import RabbitServer
from tests.runtime.drivers.zeromq.keyring import Keyring

pytestmark = pytest.mark.timeout(120 if LONG else 40)
worlds = pytest.mark.parametrize("world", ["blocking", "asyncio"] if LONG else ["asyncio"])
transports = pytest.mark.parametrize("transport", ["zmq+tcp", "amqp"])
MAY = ("ok", "not_sent", "unknown")


@contextmanager
def behind_proxy(
    fleets: Fleets, world: str, up: list[Toxic], down: list[Toxic], keys: Keyring | None = None
) -> Iterator[tuple[Fleet, Proxy]]:
    """One server, and clients that reach it through a proxy."""
    with fleets("zmq+tcp", servers=1) as fleet:
        url = fleet.urls[0]
        fleet.serve(1, world, keys.server(url) if keys else "")
        with Proxy(int(url.rpartition(":")[2]), up, down) as proxy:
            url = f"zmq+tcp://127.0.0.1:{proxy.port}"
            fleet.urls[-1] = keys.client(url) if keys else url
            yield fleet, proxy


Broken = AbstractContextManager[tuple[Fleet, Proxy]]
#: Transport, world, what a proxy does up and down, and options of the client's URL.
Behind = Callable[..., Broken]


@pytest.fixture
def behind(fleets: Fleets, request: pytest.FixtureRequest) -> Behind:
    """Makes one server, and clients that reach it, or its broker, through a proxy."""

    @contextmanager
    def broker(
        world: str, up: list[Toxic], down: list[Toxic], options: str
    ) -> Iterator[tuple[Fleet, Proxy]]:
        rabbit: RabbitServer = request.getfixturevalue("rabbit")
        # Clients come again and again: they have to end before what they come to.
        with Proxy(rabbit.port, up, down) as proxy, fleets("amqp", servers=1) as fleet:
            url = fleet.url.replace(fleet.broker.host, f"127.0.0.1:{proxy.port}")
            fleet.urls[-1] = f"{url}&{options}" if options else url
            fleet.serve(1, world)
            yield fleet, proxy

    @contextmanager
    def direct(
        world: str, up: list[Toxic], down: list[Toxic], options: str
    ) -> Iterator[tuple[Fleet, Proxy]]:
        with behind_proxy(fleets, world, up, down) as (fleet, proxy):
            fleet.urls[-1] += f"?{options}" if options else ""
            yield fleet, proxy

    def make(
        transport: str, world: str, up: list[Toxic], down: list[Toxic], options: str = ""
    ) -> Broken:
        return (broker if transport == "amqp" else direct)(world, up, down, options)

    return make


#: Toxics of both directions, how many calls, how large, and how long they may take; and whether all have to succeed.
WIRES: dict[str, tuple[Callable[[], Toxic], int, int, float, bool]] = {
    "in slices of one byte": (slices, 20, 2_000, 10.0, True),
    "300 ms +- 200 ms later": (lambda: latency(0.3, 0.2), 20, 2_000, 5.0, True),
    "later than the deadline": (lambda: latency(0.8, 0.1), 10, 2_000, 1.0, False),
    "at 64 kB/s": (lambda: bandwidth(64_000), 6, 20_000, 10.0, True),
    "slower than the deadline": (lambda: bandwidth(64_000), 6, 60_000, 1.0, False),
}


#: What is slowest to begin with is for the long form; bytes that come too late are also those at 64 kB/s.
CASES = [
    (transport, how)
    for transport in ("zmq+tcp", "amqp")
    for how in WIRES
    if LONG or how != "later than the deadline"
]


@pytest.mark.parametrize(("transport", "how"), CASES)
@worlds
def test_bytes_come_late_or_piece_by_piece(
    transport: str, world: str, how: str, behind: Behind
) -> None:
    """F16: nothing is changed by it, and what takes longer than its deadline ends there."""
    toxic, count, size, limit, good = WIRES[how]
    with behind(transport, world, [toxic()], [toxic()], "connect_timeout=20") as (fleet, _):
        asker = fleet.asker(world)
        asker.ask(timeout=20.0, may=MAY)
        calls = [
            asker.start(
                "carry",
                data=payload(size, n),
                timeout=limit,
                may=("ok",) if good else ("ok", "unknown", "not_sent", "rejected"),
            )
            for n in range(count)
        ]
        ended = [call.result(limit + 5.0) for call in calls]
        checker = fleet.verdict()
    late = sum(call.outcome != "ok" for call in ended)
    assert good or late
    report(
        f"F16 {how}, {transport} {world}",
        f"0 payloads changed, {'0 calls fail' if good else 'calls end 0.5 s after their deadline'} ({limit:g} s)",
        f"0 of {count} calls with {size} bytes each way, outcomes {dict(checker.outcomes)}, slowest "
        f"{seconds([call.took for call in ended])}",
    )


def again(fleet_asker: Callable[[], Ended]) -> float:
    """Seconds until a call succeeds."""
    began = time.monotonic()
    while (ended := fleet_asker()).outcome != "ok":
        assert time.monotonic() < began + 6.0, ended.text
    return time.monotonic() - began


@transports
@worlds
def test_connections_are_cut_in_the_middle_of_a_frame(
    transport: str, world: str, behind: Behind
) -> None:
    """F16: half a request, or half an answer, is none; and the next connection works."""
    rounds = 20 if LONG else 5 if transport == "zmq+tcp" else 2
    found: list[float] = []
    with behind(transport, world, [], []) as (fleet, proxy):
        asker = fleet.asker(world)
        hit: list[Ended] = []
        for turn in range(2 * rounds):
            toxic = cut_after(3_000 + 500 * turn)
            proxy.up, proxy.down = ([toxic], []) if turn % 2 else ([], [toxic])
            proxy.cut()
            for n in range(3):
                data = payload(20_000, turn * 3 + n)
                hit.append(asker.ask("carry", data=data, timeout=1.0, may=MAY))
            proxy.up, proxy.down = [], []
            proxy.cut()
            found.append(again(lambda: asker.ask("carry", data=b"x", timeout=2.0, may=MAY)))
        checker = fleet.verdict()
    cut = sum(call.outcome != "ok" for call in hit)
    assert cut >= rounds
    twice_run = sum(len(runs) > 1 for runs in checker.runs.values())
    report(
        f"F16 {2 * rounds} connections cut in the middle of a frame, {transport} {world}",
        "0 payloads changed, 0 second runs, success in 6 s",
        f"{cut} of {len(hit)} calls hit, slowest {seconds([c.took for c in hit])}, {twice_run} second runs, success "
        f"after {seconds(found)}",
    )


#: Options by which silence is noticed, and how soon.
SILENCE = {
    "zmq+tcp": ("heartbeat=0.5&heartbeat_timeout=1.5&connect_timeout=1", 3.0),
    "amqp": ("heartbeat=1&connect_timeout=1", 3.0),
}


@transports
@worlds
def test_a_connection_is_a_black_hole(transport: str, world: str, behind: Behind) -> None:
    """F16: what is sent is swallowed, and nobody waits longer than asked."""
    hole = threading.Event()
    options, limit = SILENCE[transport]
    with behind(transport, world, [blackhole(hole)], [blackhole(hole)], options) as (fleet, _):
        asker = fleet.asker(world)
        asker.ask()
        hole.set()
        began = time.monotonic()
        short = asker.start(timeout=0.5, may=("unknown",))
        long = asker.start(timeout=30.0, may=("unknown",))
        assert short.result(5.0).took <= 1.0
        noticed = long.result(10.0).at - began
        dead = asker.ask(timeout=1.0, may=("not_sent",))
        hole.clear()
        back = again(lambda: asker.ask(timeout=2.0, may=MAY))
        fleet.verdict()
    assert noticed <= limit
    report(
        f"F16 black hole, {transport} {world}",
        f"noticed in {limit:g} s ({options}), calls end 0.5 s after their deadline, success in 6 s",
        f"{noticed:.3f} s, not sent after {dead.took:.3f} s (deadline 1 s), success after {back:.3f} s",
    )


@worlds
def test_what_has_not_left_is_sent_by_the_next_connection(world: str, behind: Behind) -> None:
    """F14: a connection that takes nothing more is cut: calls that it had not taken whole do not fail."""
    held, count, size = threading.Event(), 40, 1_000_000
    with behind("amqp", world, [stalled(held)], []) as (fleet, proxy):
        asker = fleet.asker(world)
        asker.ask()
        held.set()
        calls = [
            asker.start("carry", data=payload(size, n), timeout=20.0, may=("ok", "unknown"))
            for n in range(count)
        ]
        eventually(lambda: waiting(asker) >= count // 4)
        proxy.up = []
        proxy.cut()
        began = time.monotonic()
        ended = [call.result(25.0) for call in calls]
        checker = fleet.verdict()
    took = time.monotonic() - began
    assert checker.outcomes["ok"] >= count // 4
    assert checker.outcomes["unknown"] >= 1, "the connection had taken nothing"
    report(
        f"F14 {count} calls of 1 MB on a connection that takes no more, and is cut, amqp {world}",
        "what had not left is sent by the next connection, 0 second runs, 0 not sent",
        f"outcomes {dict(Counter(call.outcome for call in ended))} {took:.3f} s after the cut",
    )


def waiting(asker: Asker) -> int:
    """Messages that a client could not write yet."""
    return len(asker.transport._driver._courier._publisher._queue)


@worlds
def test_bits_are_changed(world: str, fleets: Fleets, tmp_path: Path) -> None:
    """F16: with keys nothing that was changed is believed; the connection ends, and the next one works."""
    keys = Keyring(tmp_path / "keys")
    with behind_proxy(fleets, world, [], [], keys) as (fleet, proxy):
        asker = fleet.asker(world)
        asker.ask()
        hit: list[Ended] = []
        for turn in range(10 if LONG else 4):
            again(lambda: asker.ask(timeout=2.0, may=MAY))
            proxy.up, proxy.down = ([corrupt(30_000)], []) if turn % 2 else ([], [corrupt(30_000)])
            proxy.cut()
            for n in range(3):
                data = payload(20_000, turn * 3 + n)
                hit.append(asker.ask("carry", data=data, timeout=2.0, may=MAY))
        again(lambda: asker.ask(timeout=2.0, may=MAY))
        proxy.up, proxy.down = [], []
        proxy.cut()
        back = again(lambda: asker.ask("carry", data=b"x", timeout=2.0, may=MAY))
        fleet.verdict()
    harmed = sum(call.outcome != "ok" for call in hit)
    assert harmed
    report(
        f"F16 bits changed, CURVE, zmq+tcp {world}",
        "0 payloads changed, 0 second runs, success in 6 s",
        f"0 of {len(hit)} calls, {harmed} of them not answered, success after {back:.3f} s",
    )


@worlds
def test_every_message_comes_twice(world: str, fleets: Fleets) -> None:
    """F30: requests, casts and answers; each runs once, and has one answer."""
    count = 2_000 if LONG else 300
    with behind_proxy(fleets, world, [twice()], [twice()]) as (fleet, _):
        asker = fleet.asker(world)
        methods = ("work", "again", "note", "work")
        calls = [asker.start(methods[n % 4], timeout=10.0) for n in range(count)]
        slow = [asker.start(seconds=0.3, timeout=10.0) for _ in range(20)]
        ended = [call.result(15.0) for call in (*calls, *slow)]
        eventually(lambda: fleet.count() >= len(ended))
        # The questions come twice, too.
        eventually(lambda: fleet.counted(1, "repeated") >= len(ended))
        repeated = fleet.counted(1, "repeated")
        answers = sum(call.outcome == "ok" for call in ended) - count // 4
        eventually(lambda: asker.counters()["late"] >= answers)
        checker = fleet.verdict()
    runs = sum(len(runs) > 1 for runs in checker.runs.values())
    report(
        f"F30 every message twice, zmq+tcp {world}",
        "0 second runs, second answers dropped and counted",
        f"{runs} of {len(ended)}, {repeated} requests and {asker.counters()['late']} answers dropped",
    )


@worlds
@pytest.mark.parametrize("security", ["plain", "curve"])
def test_a_recorded_connection_is_played_again(
    world: str, security: str, fleets: Fleets, tmp_path: Path
) -> None:
    """R10: beside the client, and when it has gone: nothing runs again; with keys it is not even read."""
    keys = Keyring(tmp_path / "keys") if security == "curve" else None
    tape = bytearray()
    with behind_proxy(fleets, world, [record(tape)], [], keys) as (fleet, _):
        with fleet.asker(world) as asker:
            for n in range(20):
                asker.ask(("work", "again", "note", "work")[n % 4])
            fleet.runs(20)
            port, recorded = int(fleet.urls[0].rpartition(":")[2]), bytes(tape)
            play(port, recorded)
        for _ in range(3):
            play(port, recorded)
        other = fleet.asker(world, "b")
        if keys is None:
            eventually(lambda: fleet.counters(1)["repeated"] >= 20)
        other.ask()
        repeated = fleet.counters(1)["repeated"]
        fleet.verdict()
    assert repeated == 0 if keys else repeated >= 20
    report(
        f"R10 a recorded connection of 20 requests played 4 times, {security}, zmq+tcp {world}",
        "0 second runs",
        f"0 of 20, {repeated} requests known and dropped",
    )


def play(port: int, tape: bytes) -> None:
    """Send what was recorded as a client would, and read what comes, for a moment."""
    with socket.create_connection(("127.0.0.1", port)) as stream, suppress(OSError):
        stream.settimeout(0.2)
        ready = 64 + 2 + tape[65]  # the greeting, and the first command
        for part in (tape[:64], tape[64:ready], tape[ready:]):
            stream.sendall(part)
            with suppress(TimeoutError):
                while stream.recv(65536):
                    pass
