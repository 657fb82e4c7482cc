"""The native wire (PROTOCOL.md 1 to 3): a message is one array in the codec, as `envelope.py` lays it out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rpcgen.runtime.core.codec import JSON, MSGPACK, Codec, Undecodable
from rpcgen.runtime.core.envelope import (
    Beat,
    Cancel,
    Failure,
    Fault,
    Refusal,
    Reply,
    Request,
    ToClient,
    ToServer,
)
from rpcgen.runtime.core.reading import LIGHT, is_light, refuse_alike, twice
from rpcgen.runtime.descriptor import ErrorType, Interface
from rpcgen.runtime.errors import BadArguments

if TYPE_CHECKING:
    from rpcgen.runtime.core.call import Call
    from rpcgen.runtime.core.wires.wire import Wire, WireName


class NativeWire:
    """Messages in one codec. As `Wire`."""

    name: WireName = "native"
    one_version = False
    moves = True

    __slots__ = ("codec",)

    def __init__(self, codec: Codec) -> None:
        self.codec = codec

    # --- clients --------------------------------------------------------------------------------------------------

    def patience(self, silence: float) -> tuple[float, float]:
        """A server is asked to beat three times as often."""
        return silence, silence / 3

    def write_request(self, request: Request) -> bytes:
        """PROTOCOL.md 3.1."""
        encode = self.codec.encode
        return encode(request)

    def write_cancel(self, call_id: bytes) -> bytes:
        """PROTOCOL.md 3.7."""
        return self.codec.encode(Cancel(call_id))

    def read_answer(self, frame: bytes) -> ToClient:
        """A whole message, in the codec of the call."""
        return self.codec.to_client(frame)

    def understand(self, call: Call, read: ToClient) -> ToClient:
        """Messages mean what they say."""
        return read

    # --- servers --------------------------------------------------------------------------------------------------

    def of(self, frame: bytes) -> Wire:
        """A server answers in the encoding of the request (PROTOCOL.md 1.1)."""
        return NATIVE_JSON if frame.startswith(JSON.mark) else NATIVE

    def read_request(self, frame: bytes) -> ToServer:
        """PROTOCOL.md 2."""
        if len(frame) > LIGHT:
            self.weigh_context(frame)
        read = self.codec.to_server  # what is no method is called sooner by a name of its own
        message = read(frame)
        if isinstance(message, Request) and message.context:
            self.check_context(message, frame)
        return message

    def weigh_context(self, frame: bytes) -> None:
        """Raise Undecodable if maps of the context might take too long."""
        if self.codec is JSON or is_light(frame):
            return  # keys in JSON are texts
        try:
            refuse_alike(self.codec.written(frame).context)
        except BadArguments as error:
            raise Undecodable(f"the context: {error}") from error

    def check_context(self, request: Request, frame: bytes) -> None:
        """Raise Undecodable if a key of the context comes twice."""
        if self.codec.encode(request) == frame:
            return
        context = self.codec.written(frame).context
        if twice(context, request.context, self.codec) is not None:
            raise Undecodable("a key of the context comes twice")

    def write_reply(self, reply: Reply) -> bytes:
        """PROTOCOL.md 3.2."""
        return self.codec.encode(reply)

    def write_failure(self, failure: Failure, declared: ErrorType, interface: Interface) -> bytes:
        """Errors have the names that the interface gives them."""
        return self.codec.encode(failure)

    def write_fault(self, fault: Fault, error: BaseException) -> bytes:
        """PROTOCOL.md 3.4."""
        return self.codec.encode(fault)

    def write_refusal(self, refusal: Refusal, request: Request) -> bytes:
        """PROTOCOL.md 3.5."""
        return self.codec.encode(refusal)

    def write_beat(self, beat: Beat) -> bytes:
        """PROTOCOL.md 3.6."""
        return self.codec.encode(beat)


NATIVE = NativeWire(MSGPACK)
NATIVE_JSON = NativeWire(JSON)


def native_wire(codec: Codec) -> NativeWire:
    """The native wire in a codec."""
    return NATIVE_JSON if codec is JSON else NATIVE
