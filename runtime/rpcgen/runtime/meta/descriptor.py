from __future__ import annotations

from rpcgen.runtime import Interface, Method, NoArgs, Route

from .types import Health, Served, Stats

DESCRIBE: Method[NoArgs, list[Served]] = Method(
    name="describe",
    attribute="describe",
    args=NoArgs,
    returns=list[Served],
    routes=(Route("call", "any"), Route("call", "server")),
    timeout=10.0,
    idempotent=True,
)
HEALTH: Method[NoArgs, Health] = Method(
    name="health",
    attribute="health",
    args=NoArgs,
    returns=Health,
    routes=(Route("call", "any"), Route("call", "server")),
    timeout=10.0,
    idempotent=True,
)
STATS: Method[NoArgs, Stats] = Method(
    name="stats",
    attribute="stats",
    args=NoArgs,
    returns=Stats,
    routes=(Route("call", "any"), Route("call", "server")),
    timeout=10.0,
    idempotent=True,
)
INTERFACE = Interface(
    name="rpcgen.meta",
    package=__package__ or "",
    namespace="rpcgen.meta",
    version=(1, 0),
    exchange="rpcgen",
    topic="meta",
    fingerprint=bytes(32),
    methods=(DESCRIBE, HEALTH, STATS),
)
