"""The network between two hosts falls silent, resets connections, and loses packets."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest

from tests.chaos.fleet import LONG, Fleet, Fleets, report, seconds
from tests.chaos.hosts import SERVERS, Network, network
from tests.chaos.journal import Ended
from tests.chaos.remote import RemoteAsker
from tests.conformance.waiting import eventually
from tests.rabbitd import RabbitServer

pytestmark = [
    pytest.mark.timeout(150 if LONG else 90),
    pytest.mark.parametrize("world", ["blocking", "asyncio"] if LONG else ["asyncio"]),
]

#: Seconds of silence before a connection is asked for a sign of life, and until it counts as lost.
HEARTBEAT, TIMEOUT = (2.0, 6.0) if LONG else (0.5, 1.5)
#: Seconds of a broker's connections; two are the silence after which they count as lost.
BEAT = 5 if LONG else 1

transports = pytest.mark.parametrize("transport", ["zmq+tcp", "amqp"])


@pytest.fixture(scope="module")
def wire() -> Iterator[Network]:
    """Two hosts."""
    with network() as made:
        yield made


@pytest.fixture
def healthy(wire: Network) -> Iterator[Network]:
    """The same, with a wire that is in order before and after a test."""
    wire.heal()
    yield wire
    wire.heal()


@pytest.fixture(scope="module")
def far_broker(wire: Network) -> Iterator[RabbitServer]:
    """A node on the servers' host."""
    with RabbitServer(address=SERVERS, prefix=wire.servers.prefix) as server:
        yield server


FarAway = Callable[..., Fleet]


@pytest.fixture
def far_away(fleets: Fleets, request: pytest.FixtureRequest) -> FarAway:
    """Makes servers on the servers' host, and their broker, of a transport."""

    def make(transport: str, servers: int = 1, beat: int = BEAT) -> Fleet:
        if transport == "amqp":
            broker = request.getfixturevalue("far_broker")
            return fleets("amqp", servers=servers, options=f"heartbeat={beat}", broker=broker)
        options = f"heartbeat={HEARTBEAT:g}&heartbeat_timeout={TIMEOUT:g}"
        return fleets(transport, servers=servers, options=options, address=SERVERS)

    return make


def port_of(fleet: Fleet, number: int) -> int:
    """The port of a server."""
    return int(fleet.urls[number - 1].partition("?")[0].rpartition(":")[2])


def heal_and_find(fleet: Fleet, wire: Network, asker: RemoteAsker) -> float:
    """Mend the wire; the seconds until a call succeeds."""
    wire.heal()
    began = time.monotonic()
    may = ("ok", "not_sent", "unknown")
    while asker.ask(server="s1", timeout=1.0, may=may).outcome != "ok":
        assert time.monotonic() < began + 6.0
    return time.monotonic() - began


@pytest.mark.parametrize("half", [False, True] if LONG else [False])
def test_a_connection_falls_silent(
    world: str, half: bool, far_away: FarAway, healthy: Network
) -> None:
    """F13, F17: an idle connection over which nothing comes any more is noticed, and nobody waits longer than asked."""
    limit = HEARTBEAT + TIMEOUT + 1.0
    may = ("unknown", "not_sent")
    with far_away("zmq+tcp", servers=2) as fleet:
        fleet.serve_all((1, 2), world, surroundings=healthy.servers)
        asker = fleet.remote(world, surroundings=healthy.clients)
        for server in ("s1", "s2"):
            asker.ask(server=server)
        healthy.drop(port_of(fleet, 1), towards_server=not half)
        began = time.monotonic()
        at_once = asker.start(server="s1", timeout=1.0, may=may)
        waiting = asker.start(server="s1", timeout=60.0, may=may)
        others = [asker.ask(server="s2", timeout=2.0) for _ in range(20)]
        ended = at_once.result(5.0)
        noticed = waiting.result(limit + 5.0).at - began
        dead = asker.ask(server="s1", timeout=1.0, may=("not_sent",))
        anybody = [asker.ask(timeout=2.0) for _ in range(20)]
        assert healthy.dropped() > 0, "no packet was dropped"
        back = heal_and_find(fleet, healthy, asker)
        asker.close()
        fleet.verdict()
    assert noticed <= limit
    assert ended.took <= 1.5
    report(
        f"{'F17 half a partition' if half else 'F13 half-open connection'}, zmq+tcp {world}",
        f"noticed in {limit:g} s (heartbeat {HEARTBEAT:g} s, {TIMEOUT:g} s), a call at once ends 0.5 s after its "
        "deadline of 1 s, 0 others harmed, back in 6 s",
        f"{noticed:.3f} s, {ended.took:.3f} s as {ended.outcome}, then not sent after {dead.took:.3f} s, 0 of "
        f"{len(others) + len(anybody)}, back after {back:.3f} s",
    )


@pytest.mark.parametrize("half", [False, True] if LONG else [False])
@pytest.mark.parametrize("side", ["client", "server"])
def test_a_connection_to_a_broker_falls_silent(
    world: str, side: str, half: bool, far_away: FarAway, healthy: Network
) -> None:
    """F13, F17: the client's or the server's, with a call under way: who cannot be reached waits no longer than asked."""
    # Two beats for us; it is the broker that notices that a server has gone, and it takes up to three.
    limit = (2 if side == "client" else 3) * BEAT + 1.0
    # A client's call ends when its time does, soon after that; a server gives its answer when it is back, in 6 s.
    left = limit + (2.0 if side == "client" else 9.0)
    may = ("unknown", "not_sent")
    away, near = healthy.clients, healthy.servers
    with far_away("amqp", servers=2) as fleet:
        fleet.serve(1, world, surroundings=near if side == "client" else away)
        fleet.serve(2, world, surroundings=near)
        asker = fleet.remote(world, surroundings=away if side == "client" else near)
        other = fleet.remote(world, "o", surroundings=near)
        for server in ("s1", "s2"):
            asker.ask(server=server)
        # Its answer leaves after the wire falls silent, and before the broker notices: not sooner than a second later.
        under_way = asker.start(server="s1", seconds=1.0, timeout=left, may=("ok", "unknown"))
        fleet.runs(3)
        healthy.drop(fleet.broker.port, towards_server=not half)
        began = time.monotonic()
        at_once = asker.start(server="s1", timeout=1.0, may=may)
        others = [other.ask(server="s2", timeout=2.0) for _ in range(20)]
        ended = at_once.result(5.0)
        # Until it is noticed, what is sent is lost; then there is no connection, or no queue.
        noticed = time.monotonic() - began
        while asker.ask(server="s1", timeout=0.5, may=may).outcome != "not_sent":
            noticed = time.monotonic() - began
            assert noticed < limit + 1.0
        assert healthy.dropped() > 0, "no packet was dropped"
        back = heal_and_find(fleet, healthy, asker)
        # Its answer was lost on the client's connection; a server that was away gives it when it is back.
        told = under_way.result(left)
        asker.close()
        other.close()
        fleet.verdict()
    assert ended.took <= 1.5
    assert noticed <= limit
    assert told.outcome == ("unknown" if side == "client" else "ok")
    report(
        f"{'F17 half a partition' if half else 'F13 half-open connection'} of the {side}, amqp {world}",
        f"noticed in {limit:g} s (heartbeat {BEAT} s), a call at once ends 0.5 s after its deadline of 1 s, 0 others "
        "harmed, back in 6 s",
        f"{noticed:.3f} s, {ended.took:.3f} s as {ended.outcome}, 0 of {len(others)}, back after {back:.3f} s; a call that "
        f"was under way ended as {told.outcome}",
    )


@transports
def test_connections_are_reset(
    transport: str, world: str, far_away: FarAway, healthy: Network
) -> None:
    """F15: all of them, every half second: nothing runs twice, nothing kept is lost, and calls succeed again each time."""
    length = 20.0 if LONG else 2.5
    may = ("ok", "not_sent", "unknown")
    with far_away(transport, servers=2) as fleet:
        fleet.serve_all((1, 2), world, surroundings=healthy.servers)
        programs = [
            fleet.program(
                "load",
                name,
                healthy.clients,
                world=each,
                callers=10,
                seconds=0.05,
                may=may,
                keeps=transport == "amqp",
            )
            for name, each in {"one": "blocking", "two": "asyncio"}.items()
        ]
        for program in programs:
            program.ready()
        fleet.runs(100)
        began, resets = time.monotonic(), 0
        while time.monotonic() < began + length:
            resets += healthy.reset()
            time.sleep(0.5)  # the pace of the fault
        over = time.monotonic()
        fleet.runs(fleet.count() + 100)
        for program in programs:
            program.end_input()
            program.ended(15.0)
        checker = fleet.verdict(lost_casts=True)
    good = sorted(e.at for e in checker.ended.values() if e.outcome == "ok" and e.at > began)
    pauses = [later - one for one, later in zip([began, *good], good, strict=False)]
    again = next(at for at in good if at > over) - over
    assert resets >= 2 * length
    assert max(pauses) <= 6.0
    twice = sum(len(runs) > 1 for runs in checker.runs.values())
    kept = sum(began.kept for began in checker.began.values())
    report(
        f"F15 {resets} connections reset in {length:g} s, {transport} {world}",
        "0 second runs but of kept casts that say so, 0 of these lost, success in 6 s each time",
        f"{twice} of {kept} kept casts ran again, {len(checker.began)} in all, longest time without a success {max(pauses):.3f} s, {again:.3f} s after the "
        f"last, outcomes {dict(checker.outcomes)}",
    )


@pytest.mark.parametrize("healed", [3.0, 30.0] if LONG else [3.0])
def test_what_is_confirmed_too_late_is_no_other_messages_confirmation(
    world: str, healed: float, far_away: FarAway, healthy: Network
) -> None:
    """F14: silence while messages are being stored: those that are said to be stored run, whatever became of others."""
    count = 350
    may = ("ok", "not_sent", "unknown")
    with far_away("amqp", beat=5) as fleet:
        fleet.serve(1, world, surroundings=healthy.servers)
        asker = fleet.remote(world, surroundings=healthy.clients)
        asker.ask()
        asker.ask("keep")
        before = [asker.start("keep", timeout=1.0, may=may) for _ in range(count)]
        healthy.drop(fleet.broker.port)
        began = time.monotonic()
        # They leave, and their time is over before the broker can say that it has them.
        silent = [asker.start("keep", timeout=1.0, may=may) for _ in range(count)]
        late = [call.result(10.0) for call in silent]
        time.sleep(max(0.0, began + healed - time.monotonic()))  # the length of the fault
        healthy.heal()
        after = [asker.start("keep", timeout=20.0, may=may) for _ in range(count)]
        ended = [call.result(30.0) for call in (*before, *after)] + late
        back = heal_and_find(fleet, healthy, asker)
        stored = {call.ticket for call in ended if call.outcome == "ok"}
        eventually(lambda: stored <= {run.ticket for run in fleet.all_runs()}, 20.0)
        asker.close()
        checker = fleet.verdict()
    again = sum(len(runs) > 1 for runs in checker.runs.values())
    assert {call.outcome for call in late} <= {"unknown", "not_sent"}
    assert sum(call.outcome == "ok" for call in ended) >= count
    report(
        f"F14 {3 * count} kept casts around {healed:g} s of silence, amqp {world}",
        "each ends in one way 0.5 s after its deadline, 0 of those that were stored are lost, 0 run twice without a word",
        f"outcomes {dict(checker.outcomes)}, 0 of {len(stored)} lost, {again} ran again and said so, back after {back:.3f} s",
    )


@transports
def test_packets_are_lost(transport: str, world: str, far_away: FarAway, healthy: Network) -> None:
    """F16: 30% of them: nothing is changed on the way, nothing runs twice, and what takes too long ends.

    What the network held until its caller had given up is run: its time counts from when it comes.
    """
    count, limit, length = (400, 5.0, 60.0) if LONG else (40, 3.0, 8.0)
    enough = 20  # packets that are lost
    may = ("ok", "not_sent", "unknown")
    with far_away(transport) as fleet:
        fleet.serve(1, world, surroundings=healthy.servers)
        asker = fleet.remote(world, surroundings=healthy.clients)
        asker.ask()
        healthy.lose(30)
        ended: list[Ended] = []
        until = time.monotonic() + length
        while healthy.dropped() < enough or (len(ended) < count and time.monotonic() < until):
            calls = [  # a few at a time, so that they do not all travel together
                asker.start("carry", size=200 + 50 * n, timeout=limit, may=may)
                for n in range(len(ended), len(ended) + 4)
            ]
            ended += [call.result(limit + 10.0) for call in calls]
        lost = healthy.dropped()
        back = heal_and_find(fleet, healthy, asker)
        asker.close()
        checker = fleet.verdict(held=True)
    assert lost >= enough
    report(
        f"F16 30% of packets lost, {transport} {world}",
        f"0 payloads changed, 0 second runs, calls end 0.5 s after their deadline of {limit:g} s, back in 6 s",
        f"0 of {len(ended)}, 0 of {len(checker.runs)}, {lost} packets lost, slowest {seconds([e.took for e in ended])}, "
        f"outcomes {dict(checker.outcomes)}, back after {back:.3f} s; the latest began {checker.latest:.3f} s after its "
        "deadline",
    )
