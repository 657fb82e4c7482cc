"""What a wire is. Nothing but a type checker needs it in a client."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, Protocol

from rpcgen.runtime.core.codec import Codec
from rpcgen.runtime.core.envelope import Beat, Failure, Fault, Refusal, Reply, Request, ToServer
from rpcgen.runtime.descriptor import ErrorType, Interface

if TYPE_CHECKING:
    from rpcgen.runtime.core.answers import Answer
    from rpcgen.runtime.core.call import Call

WireName = Literal["native", "oslo"]


class Wire(Protocol):
    """One way to write and read messages.

    Attributes:
        name: the value of the URL option `wire`.
        codec: of arguments and results.
        one_version: a message names the version that it needs and nothing else, so that is also what its sender is taken
            to understand (LANGUAGE V5); and whoever is older passes over fields that it does not know.
        moves: clients send to another server what one refuses because it is stopping.
    """

    @property
    def name(self) -> WireName: ...
    @property
    def codec(self) -> Codec: ...
    @property
    def one_version(self) -> bool: ...
    @property
    def moves(self) -> bool: ...

    # --- clients --------------------------------------------------------------------------------------------------

    def patience(self, silence: float) -> tuple[float, float]:
        """Seconds of silence after which a call is given up, and seconds between the beats to ask for."""
        ...

    def write_request(self, request: Request) -> bytes:
        """A call or a cast."""
        ...

    def write_cancel(self, call_id: bytes) -> bytes | None:
        """That the caller no longer waits; None if there is no way to say it."""
        ...

    def read_answer(self, frame: bytes) -> Any:
        """Something with the `id` of the call that it belongs to, for `understand`; raises one of DECODE_ERRORS."""
        ...

    def understand(self, call: Call, read: Any) -> Answer | Beat:
        """What `read_answer` returned, as it is meant for its call; a Beat says that the call goes on."""
        ...

    # --- servers --------------------------------------------------------------------------------------------------

    def of(self, frame: bytes) -> Wire:
        """The wire that a frame is read and answered in; asked about frames that this one cannot read."""
        ...

    def read_request(self, frame: bytes) -> ToServer:
        """What a client sent; raises one of DECODE_ERRORS."""
        ...

    def write_reply(self, reply: Reply) -> bytes:
        """A result."""
        ...

    def write_failure(self, failure: Failure, declared: ErrorType, interface: Interface) -> bytes:
        """A declared error."""
        ...

    def write_fault(self, fault: Fault, error: BaseException) -> bytes:
        """Any other error of a handler."""
        ...

    def write_refusal(self, refusal: Refusal, request: Request) -> bytes:
        """That no handler ran."""
        ...

    def write_beat(self, beat: Beat) -> bytes:
        """That a handler is still at work."""
        ...
