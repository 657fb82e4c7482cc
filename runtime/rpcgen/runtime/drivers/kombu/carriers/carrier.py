"""What the driver asks of one of kombu's transports beside kombu's own interface."""

from __future__ import annotations

# kombu has no types.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportUnknownParameterType=false
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from kombu.connection import Connection as _Connection
from rpcgen.runtime.drivers.kombu.options import KombuOptions, PollingOptions
from rpcgen.runtime.errors import BadUrl
from rpcgen.runtime.url import TransportUrl

Connection: Any = _Connection


class Carrier:
    """A transport of kombu's, at one URL.

    Args:
        url: where.
        options: what its query says.
    """

    #: What the query may say.
    Options: type[KombuOptions] = PollingOptions

    def __init__(self, url: TransportUrl, options: KombuOptions) -> None:
        self.url = url
        self.text = str(url)
        self.name = url.scheme.partition("+")[2]
        self.options = options
        self.check()

    @property
    def prefix(self) -> str:
        """That of all names."""
        return self.options.prefix

    def __repr__(self) -> str:
        return f"<Carrier {self.text}>"

    def check(self) -> None:
        """Raise BadUrl if the URL names what this transport does not have."""
        if len(self.url.hosts) > 1:
            raise BadUrl(
                f"{self.text}: kombu+{self.name} has one host, found {len(self.url.hosts)}"
            )

    def connection(self) -> Any:
        """A `kombu.Connection` that nobody has used."""
        host = self.url.hosts[0] if self.url.hosts else None
        return Connection(
            hostname=None if host is None else host.name,
            port=None if host is None else host.port,
            userid=self.url.username,
            password=self.url.password,
            virtual_host=self.url.path.lstrip("/") or None,
            transport=self.transport(),
            transport_options=self.transport_options(),
            **self.more(),
        )

    def transport(self) -> Any:
        """The class of kombu's, or its name."""
        return self.name

    def transport_options(self) -> dict[str, Any]:
        """What the class is told."""
        poll = self.options.poll if isinstance(self.options, PollingOptions) else None
        return {"polling_interval": poll}

    def more(self) -> dict[str, Any]:
        """Further arguments of the connection."""
        return {}

    def binding(self) -> AbstractContextManager[object]:
        """In it nobody else changes who gets what is told to all, for transports that do not see to it."""
        return nullcontext()

    def expiring(self, channel: Any, queue: str) -> None:
        """Somebody is about to write to a queue whose reader may be gone: what nobody reads is to go by itself."""

    def written(self, channel: Any, queue: str) -> None:
        """Nobody will write to it any more."""

    def forget(self, channel: Any, queue: str) -> None:
        """A queue, which was emptied, is to leave nothing."""

    def hung_up(self, transport: Any) -> None:
        """A connection was closed."""

    def lost(self, error: Exception) -> bool:
        """Whether an error means that the connection is gone, rather than that one message is no message."""
        return isinstance(error, OSError)

    def refused(self, error: Exception) -> bool:
        """Whether an error means that we may not."""
        return False
