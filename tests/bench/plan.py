"""How long a run takes and what it measures."""

from __future__ import annotations

from dataclasses import dataclass

from tests.bench.adapter import WORKLOADS, Transport

ALL_WORKLOADS = (*WORKLOADS, "W5", "W6", "W7", "W8", "W9", "W10", "W11")

TITLES = {
    "W1": "one call at a time",
    "W2": "64 outstanding small calls",
    "W3": "64 outstanding echoes of a 2 KB object",
    "W4": "casts until all are handled",
    "W5": "a cold process: import and first call",
    "W6": "code generation",
    "W7": "what versions cost a call, 64 outstanding",
    "W8": "what versions cost, step by step in one process",
    "W9": "quick calls beside slow ones",
    "W10": "one client and many servers of a topic",
    "W11": "many calls of one client at the same time",
}

#: The adapters that a broker between both sides makes sense for.
BROKER_ADAPTERS = (
    "oslo_blocking",
    "aio_pika",
    "py_amqp",
    "py_amqp_msgspec",
    "rpcgen_blocking",
    "rpcgen_aio",
    "rpcgen_aio_uvloop",
    "rpcgen_aio_inline",
    "rpcgen_confirmed_blocking",
    "rpcgen_confirmed_aio",
    "rpcgen_kept_blocking",
    "rpcgen_kept_aio",
    "rpcgen_oslo_blocking",
    "rpcgen_oslo_aio",
)

ADAPTERS = (
    "zmq_raw",
    "zmq_msgspec",
    "grpc_sync",
    "grpc_aio",
    "thriftpy2",
    "rpcgen_blocking",
    "rpcgen_aio",
    "rpcgen_aio_uvloop",
    "rpcgen_aio_inline",
)


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run does.

    Attributes:
        rounds: of W1 to W4, W6, W9 to W11; on two busy cores of five rounds the ratios were 1.5 apart.
        seconds: of each round.
        cold_rounds: rounds of W5, which are short and noisy: with 21, ratios of two runs were a fiftieth apart.
        paired_rounds: rounds of W7 and W8, which are about small differences.
        methods: of the big interface in W6; 0 leaves it out.
        servers: of one topic in W10.
        calls: under way at the same time in W11.
    """

    workloads: tuple[str, ...] = ALL_WORKLOADS
    adapters: tuple[str, ...] = ADAPTERS
    transport: Transport = "tcp"
    rounds: int = 9
    seconds: float = 0.6
    warm_up: float = 0.3
    cold_rounds: int = 61
    paired_rounds: int = 151
    methods: int = 10_000
    servers: int = 1_000
    calls: int = 10_000

    def __post_init__(self) -> None:
        for what, given, known in (
            ("workload", self.workloads, ALL_WORKLOADS),
            ("adapter", self.adapters, (*ADAPTERS, *BROKER_ADAPTERS)),
        ):
            for name in given:
                if name not in known:
                    raise ValueError(
                        f"unknown {what} {name!r}; expected some of {', '.join(known)}"
                    )
