"""What clients of either world need of a transport; `Transport` and the recording ones fit."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal, Protocol

#: What clients and transports have to have in common.
World = Literal["blocking", "asyncio"]

if TYPE_CHECKING:
    from rpcgen.runtime.core.call import Call
    from rpcgen.runtime.core.wires.wire import Wire
    from rpcgen.runtime.peers import Found
    from rpcgen.runtime.proxy import Sent


class BlockingTransport(Protocol):
    """What a blocking client needs of a transport."""

    wire: Wire
    world: ClassVar[World]

    def call(self, call: Call) -> None:
        """Send a call and wait until `call.answer` is set."""
        ...

    def cast(self, call: Call) -> Sent:
        """Send a cast."""
        ...

    def discover(self, timeout: float) -> list[Found]:
        """The servers that can be found now; waits at most `timeout` seconds."""
        ...

    def check_events(self) -> None:
        """Raise ConfigurationError unless events can be published."""
        ...

    def close(self) -> None:
        """Close all connections."""
        ...


class CoroutineTransport(Protocol):
    """What an asyncio client needs of a transport."""

    wire: Wire
    world: ClassVar[World]

    async def call(self, call: Call) -> None:
        """Send a call and wait until `call.answer` is set."""
        ...

    async def cast(self, call: Call) -> Sent:
        """Send a cast."""
        ...

    async def discover(self, timeout: float) -> list[Found]:
        """The servers that can be found now; waits at most `timeout` seconds."""
        ...

    def check_events(self) -> None:
        """Raise ConfigurationError unless events can be published."""
        ...

    async def close(self) -> None:
        """Close all connections."""
        ...
