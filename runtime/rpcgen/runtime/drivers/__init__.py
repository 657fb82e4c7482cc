"""Transport drivers: one module or package each, found by URL scheme. They never import each other.

Here is what several of them refuse.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rpcgen.runtime.errors import ConfigurationError

if TYPE_CHECKING:
    from rpcgen.runtime.outgoing import Outgoing


def refuse_kept(message: Outgoing) -> None:
    """Raise ConfigurationError for what a transport that keeps nothing cannot promise."""
    if message.kept:
        raise ConfigurationError(
            "this transport delivers at most once, and the message is to be delivered at least once; "
            "use one that keeps messages, such as amqp:// without wire=oslo"
        )
