from __future__ import annotations

from msgspec import Struct
from rpcgen.runtime import OpenEnum


class State(OpenEnum):
    OK = "ok"
    OVERLOADED = "overloaded"
    DRAINING = "draining"


class Served(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    name: str
    namespace: str | None = None
    version: str
    fingerprint: str
    contract: str | None = None


class Health(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    server: str
    state: State
    running: int
    queued: int
    uptime: float


class Stats(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    server: str
    counters: dict[str, int]
