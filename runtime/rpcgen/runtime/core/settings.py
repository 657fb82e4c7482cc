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
        if self.concurrency < 1:
            raise ConfigurationError(f"concurrency is {self.concurrency}, expected 1 or more")
        if self.queue < 0:
            raise ConfigurationError(f"queue is {self.queue}, expected 0 or more")
        if not self.drain_timeout >= 0.0:
            raise ConfigurationError(
                f"drain_timeout is {self.drain_timeout}, expected seconds, 0 or more"
            )
