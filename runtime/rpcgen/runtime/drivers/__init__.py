"""Transport drivers: one module or package each, found by URL scheme. They never import each other.

Here is what several of them refuse.
"""

from __future__ import annotations

from rpcgen.runtime.errors import ConfigurationError


def keeps_nothing() -> ConfigurationError:
    """What a transport answers to a message that is to be delivered at least once, if it cannot promise that."""
    return ConfigurationError(
        "this transport delivers at most once, and the message is to be delivered at least once; "
        "use one that keeps messages, such as amqp:// without wire=oslo"
    )
