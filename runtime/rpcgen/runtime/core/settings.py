"""What a server is constructed with, apart from what it serves."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct, field
from rpcgen.runtime.errors import ConfigurationError
from rpcgen.runtime.interceptor import Interceptor
from rpcgen.runtime.opaque import OpaqueCodec
from rpcgen.runtime.store import AnyStore


class ServerSettings(Struct, frozen=True):
    """What a server was constructed with. Times in seconds."""

    concurrency: int = 64
    queue: int = 1024
    drain_timeout: float = 30.0
    debug: bool = False
    interceptors: tuple[Interceptor, ...] = ()
    codecs: Mapping[type, OpaqueCodec] = field(default_factory=dict[type, OpaqueCodec])
    converters: tuple[object, ...] = ()
    store: AnyStore | None = None
    #: What tells copies of one message apart that are each to be handled.
    scope: bytes = b""

    def __post_init__(self) -> None:
        # Callers without a type checker may give text, out of a file or the environment.
        _check("concurrency", self.concurrency, int, 1, "a whole number")
        _check("queue", self.queue, int, 0, "a whole number")
        _check("drain_timeout", self.drain_timeout, float, 0, "seconds")


def _check(
    name: str, value: object, kind: type[int] | type[float], least: int, expected: str
) -> None:
    kinds = (int, kind)  # whole numbers are numbers, too
    if isinstance(value, bool) or not isinstance(value, kinds) or not value >= least:  # nor NaN
        raise ConfigurationError(f"{name} is {value!r}, expected {expected}, {least} or more")
