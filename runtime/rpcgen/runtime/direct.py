"""What drivers share whose transports deliver at once or not at all. Knows no transport."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from rpcgen.runtime.errors import ConfigurationError
from rpcgen.runtime.peers import Peer

if TYPE_CHECKING:
    from rpcgen.runtime.outgoing import Outgoing


def refuse_kept(message: Outgoing) -> None:
    """Raise ConfigurationError for what a transport that keeps nothing cannot promise."""
    if message.kept:
        raise ConfigurationError(
            "this transport delivers at most once, and the message is to be delivered at least once; "
            "use one that keeps messages, such as amqp:// without wire=oslo"
        )


class Direct:
    """`post` and `cancel` of a `ClientDriver` that knows no more of a cast than `send` says."""

    send: Callable[..., None]

    def post(self, peer: Peer, frame: bytes, message: Outgoing, timeout: float) -> None:
        """See `ClientDriver.post`."""
        refuse_kept(message)
        self.send(peer, frame)

    def cancel(self, peer: Peer, frame: bytes) -> None:
        """See `ClientDriver.cancel`."""
        self.send(peer, frame)


class AsyncDirect:
    """`Direct` for asyncio."""

    send: Callable[..., None]

    def post(self, peer: Peer, frame: bytes, message: Outgoing, timeout: float) -> None:
        """See `ClientDriver.post`."""
        refuse_kept(message)
        self.send(peer, frame)

    def cancel(self, peer: Peer, frame: bytes) -> None:
        """See `ClientDriver.cancel`."""
        self.send(peer, frame)
