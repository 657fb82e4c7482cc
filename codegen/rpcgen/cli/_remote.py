"""What the commands that talk to servers share: whom to ask, and the built-in interface that answers.

Imports the runtime only inside functions.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from rpcgen.runtime.meta import MetaClient

#: Seconds that a command waits, unless it is told otherwise.
TIMEOUT = 10.0


@dataclass(frozen=True, slots=True)
class Where:
    """Whom to ask: a URL, and which of the servers behind it."""

    url: str
    server: str | None = None
    exchange: str | None = None
    topic: str | None = None
    timeout: float = TIMEOUT

    def meta(self) -> MetaClient:
        """A client of rpcgen.meta; close it."""
        from rpcgen.runtime.meta import MetaClient

        return MetaClient(self.url, exchange=self.exchange, topic=self.topic)

    def prepared(self, meta: MetaClient) -> MetaClient:
        """The client, sending to the server and waiting as long as the options say."""
        return meta.prepare(server=self.server, timeout=self.timeout)


def where_options(function: Callable[..., None]) -> Callable[..., None]:
    """Add URL, --server, --topic, --exchange and --timeout; the command gets them as `where`."""

    @click.argument("url")
    @click.option("--server", metavar="NAME", help="Ask this server, not any.")
    @click.option("--topic", metavar="NAME", help="Ask the servers of this topic.")
    @click.option("--exchange", metavar="NAME", help="The topic's exchange.")
    @click.option(
        "--timeout",
        type=click.FloatRange(min=0.0, min_open=True),
        default=TIMEOUT,
        show_default=True,
        metavar="SECONDS",
        help="How long to wait.",
    )
    @functools.wraps(function)
    def wrapper(
        url: str,
        server: str | None,
        topic: str | None,
        exchange: str | None,
        timeout: float,
        **others: Any,
    ) -> None:
        function(where=Where(url, server, exchange, topic, timeout), **others)

    return wrapper
