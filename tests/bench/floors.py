"""What must hold and what we aim at: tables of ratios within one run, with and without a broker.

Floors fail `--assert`; goals are printed only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from tests.bench.adapter import Transport
from tests.bench.plan import ADAPTERS, BROKER_ADAPTERS, Plan
from tests.bench.series import Series

SECOND = 1e3

_ADAPTERS = frozenset((*ADAPTERS, *BROKER_ADAPTERS))


@dataclass(frozen=True, slots=True)
class Bound:
    """A metric of an adapter, over that of another one if `over` names one, is at least or at most `value`."""

    workload: str
    adapter: str
    over: str | None
    metric: str
    sense: Literal["at least", "at most"]
    value: float

    def measured(self, series: Series) -> float | None:
        if self.over is None:
            return series.median(self.workload, self.adapter, self.metric)
        return series.ratio(self.workload, self.adapter, self.over, self.metric)

    def holds(self, measured: float) -> bool:
        return measured >= self.value if self.sense == "at least" else measured <= self.value

    def left_out(self, plan: Plan) -> bool:
        """Whether the plan does not measure this, as its user wished."""
        names = [name for name in (self.adapter, self.over) if name is not None]
        return (
            self.workload not in plan.workloads
            or any(name in _ADAPTERS and name not in plan.adapters for name in names)
            or (self.adapter in BIG and plan.methods == 0)
        )

    def __str__(self) -> str:
        what = f"{self.workload} {self.adapter} {self.metric}"
        if self.over is None:
            return f"{what}, {self.sense} {self.value:,g}"
        return f"{what} over {self.over}, {self.sense} {self.value:g}"


BIG = ("rpcgen, 10,000 methods", "rpcgen, 10,000 methods: import")

#: What an interface may pay for its past, where a client has no pin.
VERSIONS = tuple(
    f"{world} {size}, versions" for world in ("asyncio", "blocking") for size in ("small", "2 KB")
)

#: Rows of W9 and W10.
SKEWED = tuple(f"{world} server, 1 in 50 takes 50 ms" for world in ("asyncio", "blocking"))
MANY = tuple(f"{matchmaker}, many" for matchmaker in ("zmq+ipc", "zmq+tcp"))
CROWD = "asyncio client, asyncio server"

FLOORS = (
    Bound("W1", "rpcgen_blocking", "grpc_sync", "p50", "at most", 0.6),
    Bound("W1", "rpcgen_blocking", "zmq_raw", "p50", "at most", 1.8),
    Bound("W1", "rpcgen_blocking", "thriftpy2", "p50", "at most", 3),
    Bound("W1", "rpcgen_aio", "grpc_aio", "p50", "at most", 0.6),
    Bound("W2", "rpcgen_aio", "grpc_aio", "rate", "at least", 10),
    Bound("W2", "rpcgen_aio", "thriftpy2", "rate", "at least", 3),
    Bound("W2", "rpcgen_aio", "zmq_raw", "rate", "at least", 0.30),
    Bound("W2", "rpcgen_aio", "grpc_aio", "cpu", "at most", 0.10),
    Bound("W2", "rpcgen_aio_inline", "grpc_aio", "rate", "at least", 12),
    Bound("W2", "rpcgen_blocking", "grpc_sync", "rate", "at least", 3.5),
    Bound("W2", "rpcgen_blocking", "thriftpy2", "rate", "at least", 1.1),
    Bound("W2", "rpcgen_blocking", "grpc_sync", "cpu", "at most", 0.35),
    Bound("W3", "rpcgen_aio", "grpc_aio", "rate", "at least", 5),
    Bound("W3", "rpcgen_aio", "thriftpy2", "rate", "at least", 2.5),
    Bound("W4", "rpcgen_aio", "zmq_msgspec", "rate", "at least", 0.4),
    Bound("W4", "rpcgen_aio", "thriftpy2", "rate", "at least", 1.3),
    Bound("W5", "rpcgen_blocking", "grpc_sync", "ms", "at most", 1.0),
    Bound("W5", "rpcgen_aio", "grpc_aio", "ms", "at most", 1.0),
    Bound("W5", "rpcgen_blocking", "grpc_sync", "rss_mb", "at most", 0.85),
    Bound("W5", "rpcgen_aio", "grpc_aio", "rss_mb", "at most", 0.85),
    Bound(
        "W5",
        "imports of an rpcgen client",
        "imports of the bare stack",
        "import_cpu_ms",
        "at most",
        1.3,
    ),
    Bound("W6", "rpcgen compile", "betterproto2", "ms", "at most", 0.4),
    Bound("W6", BIG[0], None, "ms", "at most", 60 * SECOND),
    Bound("W6", BIG[1], None, "ms", "at most", 10 * SECOND),
    # Ratios of W7 are uncertain by some hundredths; this is what a detour through plain values would break.
    *(Bound("W7", row, None, "cpu_ratio", "at most", 1.1) for row in VERSIONS),
    *(Bound("W9", row, None, "tail", "at most", 5) for row in SKEWED),
    *(Bound("W10", row, None, "choice_ratio", "at most", 1.2) for row in MANY),
    *(Bound("W10", row, None, "peer_kib", "at most", 64) for row in MANY),
    *(Bound("W10", row, None, "missed", "at most", 0) for row in MANY),
    Bound("W11", CROWD, None, "wrong", "at most", 0),
    Bound("W11", CROWD, None, "rss_mib", "at most", 400),
    Bound("W11", CROWD, None, "fds", "at most", 50),
)

#: Calls at most once, and calls that are confirmed and acknowledged on both sides; so with objects.
_CALLS = tuple(
    Bound(workload, adapter, over, "rate", "at least", value)
    for workload in ("W2", "W3")
    for adapter, over, value in (
        ("rpcgen_aio", "oslo_blocking", 7),
        ("rpcgen_blocking", "oslo_blocking", 3.5),
        ("rpcgen_confirmed_aio", "oslo_blocking", 5),
        ("rpcgen_confirmed_aio", "aio_pika", 2.2),
        ("rpcgen_confirmed_blocking", "oslo_blocking", 2.2),
    )
)

BROKER_FLOORS = (
    Bound("W1", "rpcgen_blocking", "oslo_blocking", "p50", "at most", 0.5),
    *_CALLS,
    Bound("W2", "rpcgen_aio", "py_amqp", "rate", "at least", 1.0),
    Bound("W2", "rpcgen_oslo_blocking", "oslo_blocking", "rate", "at least", 2),
    Bound("W2", "rpcgen_oslo_aio", "oslo_blocking", "rate", "at least", 2),
    Bound("W4", "rpcgen_blocking", "oslo_blocking", "rate", "at least", 6),
    Bound("W4", "rpcgen_aio", "oslo_blocking", "rate", "at least", 6),
    Bound("W4", "rpcgen_kept_blocking", "oslo_blocking", "rate", "at least", 3),
    Bound("W4", "rpcgen_kept_aio", "oslo_blocking", "rate", "at least", 3),
    Bound("W5", "rpcgen_blocking", "oslo_blocking", "ms", "at most", 0.5),
)

BROKER_GOALS = (
    Bound("W1", "rpcgen_aio", "oslo_blocking", "p50", "at most", 0.5),
    Bound("W2", "rpcgen_aio", "py_amqp", "broker_cpu", "at most", 0.7),
    Bound("W3", "rpcgen_aio", "py_amqp", "rate", "at least", 1.0),
    Bound("W3", "rpcgen_aio", "py_amqp", "broker_cpu", "at most", 0.7),
)

GOALS = (
    *(Bound("W7", row, None, "cpu_ratio", "at most", 1.05) for row in VERSIONS),
    *(Bound("W7", row, None, "time_ratio", "at most", 1.05) for row in VERSIONS),
)


def bounds_of(transport: Transport) -> dict[str, tuple[Bound, ...]]:
    """The tables of a transport, by their titles; the first is the one that must hold."""
    if transport == "amqp":
        return {"Floors": BROKER_FLOORS, "Goals": BROKER_GOALS}
    return {"Floors": FLOORS, "Goals": GOALS}


def shown(value: float) -> str:
    """A ratio with three digits, milliseconds without a fraction."""
    return f"{value:,.0f}" if value >= SECOND else f"{value:.3g}"


def broken(plan: Plan, series: Series) -> list[str]:
    """The floors that do not hold or should have been measured and were not."""
    reasons = []
    for floor in bounds_of(plan.transport)["Floors"]:
        if floor.left_out(plan):
            continue
        measured = floor.measured(series)
        if measured is None:
            reasons.append(f"{floor}: not measured")
        elif not floor.holds(measured):
            reasons.append(f"{floor}: found {shown(measured)}")
    return reasons
