"""What a fleet of 10,000 or 100,000 workers would cost: `python -m tests.bench.simulation [FIGURES.json]`.

A model, no measurement: what W10 found for one connection, times what PROTOCOL.md and the drivers say happens how often,
and a replay of one fanout through a client's one loop. With the `--json` file of a run that had W10 it uses that run's
figures, else those below. Knows no network: machines, switches and their latency cost nothing here, and redis answers.
"""

from __future__ import annotations

import argparse
import heapq
import json
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from rpcgen.runtime.drivers.zeromq.matchmakers import ring
from rpcgen.runtime.drivers.zeromq.matchmakers.redis import Options
from rpcgen.runtime.drivers.zeromq.options import ZmqOptions
from rpcgen.runtime.drivers.zeromq.sockets import MAX_SOCKETS

from tests.bench.table import markdown

ROW = "zmq+tcp, many"
#: Sockets of one link: a DEALER and both ends of its monitor.
LINK_SOCKETS = 3
#: `MAX_SERVERS` of the redis matchmaker's store, which needs the library to be imported.
REDIS_SERVERS = 4096
#: Seconds between two looks of one client at redis, and pipelines of 1,000 registrations in each.
REDIS_POLL, REDIS_SCAN = 0.9, 1000
#: Commands of one renewal: the time, and a transaction of three.
RENEWAL_COMMANDS = 6
#: Bytes of one registration in the answer to a look.
LISTED_BYTES = 35
#: Descriptors that a process has by default, and needs besides its links.
USUAL_FDS, OTHER_FDS = 1024, 20


@dataclass(frozen=True, slots=True)
class Calibration:
    """What one connection costs a client; the defaults are those of docs/performance.md.

    Attributes:
        connect_ms: of CPU, to connect one; fanout_us: of CPU, to send one frame of a fanout, libzmq's thread included.
        idle_us: of CPU a second.
    """

    peer_kib: float = 51.5
    peer_fds: float = 4.0
    connect_ms: float = 0.24
    fanout_us: float = 18.9
    idle_us: float = 15.7
    servers: int = 1_000

    @classmethod
    def of(cls, figures: list[dict[str, Any]], servers: int) -> Calibration:
        """Take the medians of a run's W10."""
        found = {
            row["metric"]: median(row["rounds"])
            for row in figures
            if (row["workload"], row["adapter"]) == ("W10", ROW)
        }
        return cls(
            found["peer_kib"],
            found["peer_fds"],
            found["connect_cpu_ms"] / servers,
            found["fanout_cpu_ms"] * 1e3 / servers,
            found["idle_cpu_ms"] * 1e3 / servers,
            servers,
        )


@dataclass(frozen=True, slots=True)
class Fleet:
    """How a fleet is arranged.

    Attributes:
        workers: servers of one topic in all.
        cell: those that one client knows; a fleet is cut into cells by the URL (how-to: route to cells).
        client_share: clients for each worker: 0.01 is a controller for a hundred.
        handler_us: what a worker takes for a cast.
        machine: workers on one machine, and cores that it has for them.
    """

    workers: int
    cell: int
    client_share: float = 0.01
    handler_us: float = 50.0
    machine: int = 8
    cores: int = 4


@dataclass(frozen=True, slots=True)
class Costs:
    """What the model says of a fleet; rates are per second, over one matchmaker (that of a cell)."""

    clients: int
    connections: int
    client_connections: int
    client_mib: float
    client_fds: float
    client_connect_s: float
    client_idle: float
    pings: float
    worker_clients: int
    fleet_pings: float
    renewals: float
    looks: float
    commands: float
    listed_mib: float
    fanout_ms: float
    limits: tuple[str, ...]


def costs(fleet: Fleet, each: Calibration | None = None) -> Costs:
    """Multiply, and say which limits are in the way."""
    each = each or Calibration()
    zmq, redis = ZmqOptions(), Options()
    cells = -(-fleet.workers // fleet.cell)
    clients = max(1, round(fleet.workers * fleet.client_share))
    of_cell = max(1, round(clients / cells))  # a client belongs to one cell
    renewals = fleet.cell / (redis.ttl / 3)
    looks = of_cell / REDIS_POLL
    scans = -(-min(fleet.cell, REDIS_SERVERS) // REDIS_SCAN)
    return Costs(
        clients=clients,
        connections=clients * fleet.cell,
        client_connections=fleet.cell,
        client_mib=fleet.cell * each.peer_kib / 1024,
        client_fds=fleet.cell * each.peer_fds + OTHER_FDS,
        client_connect_s=fleet.cell * each.connect_ms / 1e3,
        client_idle=fleet.cell * each.idle_us / 1e6,
        pings=fleet.cell / zmq.heartbeat,
        worker_clients=of_cell,
        fleet_pings=clients * fleet.cell / zmq.heartbeat,
        renewals=renewals,
        looks=looks,
        commands=renewals * RENEWAL_COMMANDS + looks * scans * 2,
        listed_mib=looks * min(fleet.cell, REDIS_SERVERS) * LISTED_BYTES / 1024**2,
        fanout_ms=fanout(fleet, each) / 1e3,
        limits=tuple(_limits(fleet, each)),
    )


def _limits(fleet: Fleet, each: Calibration) -> list[str]:
    limits: list[str] = []
    if fleet.cell * LINK_SOCKETS > MAX_SOCKETS:
        limits.append(f"MAX_SOCKETS ({MAX_SOCKETS // LINK_SOCKETS:,} links)")
    if fleet.cell > REDIS_SERVERS:
        limits.append(f"zmq+redis ({REDIS_SERVERS:,})")
    if fleet.cell > ring.MAX_HOSTS:
        limits.append(f"zmq+ring ({ring.MAX_HOSTS:,})")
    return limits


def fanout(fleet: Fleet, each: Calibration) -> float:
    """Microseconds until the last worker has handled a cast to all of one cell.

    Replays it: one loop sends frame after frame; each worker handles its own, on a core of its machine.
    """
    free = [[0.0] * fleet.cores for _ in range(-(-fleet.cell // fleet.machine))]
    last = 0.0
    for number in range(fleet.cell):
        arrived = (number + 1) * each.fanout_us
        machine = free[number // fleet.machine]
        begun = max(arrived, heapq.heappop(machine))
        heapq.heappush(machine, begun + fleet.handler_us)
        last = max(last, begun + fleet.handler_us)
    return last


COLUMNS = (
    ("clients", "{:,}", "clients"),
    ("connections in all", "{:,}", "connections"),
    ("of one client", "{:,}", "client_connections"),
    ("its memory MiB", "{:,.0f}", "client_mib"),
    ("its fds", "{:,.0f}", "client_fds"),
    ("its connecting s", "{:.1f}", "client_connect_s"),
    ("its idle CPU", "{:.1%}", "client_idle"),
    ("its pings/s", "{:,.0f}", "pings"),
    ("clients of one worker", "{:,}", "worker_clients"),
    ("pings/s of the fleet", "{:,.0f}", "fleet_pings"),
    ("fanout to a cell ms", "{:,.0f}", "fanout_ms"),
    ("redis of a cell: renewals/s", "{:,.0f}", "renewals"),
    ("looks/s", "{:,.0f}", "looks"),
    ("commands/s", "{:,.0f}", "commands"),
    ("it sends MiB/s", "{:,.1f}", "listed_mib"),
)
FLEETS = tuple(
    Fleet(workers, cell)
    for workers in (1_000, 10_000, 100_000)
    for cell in (500, 1_000, workers)
    if cell <= workers
)


def report(each: Calibration) -> str:
    """The table, one column for each fleet, as there are more costs than fleets; and which fleets cannot be."""
    fleets = list(dict.fromkeys(FLEETS))
    found = [costs(fleet, each) for fleet in fleets]
    names = [f"{fleet.workers:,} / {fleet.cell:,}" for fleet in fleets]
    rows = [
        [head, *(text.format(getattr(one, name)) for one in found)] for head, text, name in COLUMNS
    ]
    beyond = [
        f"{name} is beyond {'; '.join(one.limits)}."
        for name, one in zip(names, found, strict=True)
        if one.limits
    ]
    return "\n".join([markdown(["workers / of a cell", *names], rows), "", *beyond])


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.simulation", description=__doc__)
    parser.add_argument("figures", type=Path, nargs="?", help="what `--json` of tests.bench wrote")
    parser.add_argument("--servers", type=int, default=1_000, help="that W10 had in that run")
    options = parser.parse_args()
    each = Calibration()
    if options.figures:
        figures = json.loads(options.figures.read_text())["figures"]
        each = Calibration.of(figures, options.servers)
    print(
        f"One connection: {each.peer_kib:.1f} KiB, {each.peer_fds:.1f} fds, {each.connect_ms:.2f} ms CPU to connect, "
        f"{each.fanout_us:.1f} us CPU a frame of a fanout, {each.idle_us:.1f} us CPU a second (W10, {each.servers:,} servers)."
    )
    fleet = FLEETS[0]
    print(
        f"Assumed: {fleet.client_share:.0%} as many clients as workers; {fleet.machine} workers on a machine, with "
        f"{fleet.cores} cores; {fleet.handler_us:g} us for a handler; a usual limit of {USUAL_FDS:,} open files, to be "
        "raised (ulimit -n) where fds are more."
    )
    here = Fleet(each.servers, each.servers, machine=each.servers, cores=2)
    print(
        f"As W10 is arranged, all on the two cores that also send, a fanout takes {fanout(here, each) / 1e3:.0f} ms.\n"
    )
    print(report(each))


if __name__ == "__main__":
    main()
