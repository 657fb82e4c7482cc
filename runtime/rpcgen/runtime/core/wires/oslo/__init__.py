"""The oslo wire: messages as oslo.messaging writes and reads them (PROTOCOL.md 7).

Payloads alone. The outer envelope and what is the transport's (`_reply_q`, `_unique_id`) are in `envelope.py`, for the
driver; none of this imports oslo.messaging.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rpcgen.runtime.core.codec import JSON, Codec
from rpcgen.runtime.core.envelope import Beat, Failure, Fault, Refusal, Reply, Request
from rpcgen.runtime.core.wires.oslo import answers, failures, requests
from rpcgen.runtime.descriptor import ErrorType, Interface

if TYPE_CHECKING:
    from rpcgen.runtime.core.answers import Answer
    from rpcgen.runtime.core.call import Call
    from rpcgen.runtime.core.wires.wire import Wire, WireName

#: Seconds of silence that a monitored call bears at least: oslo.messaging's servers beat at most once a second.
LEAST_SILENCE = 2.0


class OsloWire:
    """As `Wire`."""

    name: WireName = "oslo"
    codec: Codec = JSON
    one_version = True
    moves = False

    __slots__ = ()

    # --- clients --------------------------------------------------------------------------------------------------

    def patience(self, silence: float) -> tuple[float, float]:
        """Servers beat twice in the time that they are told."""
        silence = max(silence, LEAST_SILENCE)
        return silence, silence / 2

    def write_request(self, request: Request) -> bytes:
        """PROTOCOL.md 7.2."""
        return requests.write(request)

    def write_cancel(self, call_id: bytes) -> None:
        """There is no such message."""

    def read_answer(self, frame: bytes) -> answers.Said:
        """PROTOCOL.md 7.3."""
        return answers.read(frame)

    def understand(self, call: Call, read: Any) -> Answer | Beat:
        """PROTOCOL.md 7.3 and 7.4."""
        return answers.understand(call, read)

    # --- servers --------------------------------------------------------------------------------------------------

    def of(self, frame: bytes) -> Wire:
        """There is one way to write."""
        return self

    def read_request(self, frame: bytes) -> Request:
        """PROTOCOL.md 7.2."""
        return requests.read(frame)

    def write_reply(self, reply: Reply) -> bytes:
        """PROTOCOL.md 7.3."""
        return answers.write(reply.id, result=reply.body)

    def write_failure(self, failure: Failure, declared: ErrorType, interface: Interface) -> bytes:
        """PROTOCOL.md 7.4."""
        return answers.write(failure.id, failure=failures.declared(failure, declared, interface))

    def write_fault(self, fault: Fault, error: BaseException) -> bytes:
        """PROTOCOL.md 7.4."""
        return answers.write(fault.id, failure=failures.undeclared(fault, error))

    def write_refusal(self, refusal: Refusal, request: Request) -> bytes:
        """PROTOCOL.md 7.4."""
        return answers.write(refusal.id, failure=failures.refused(refusal, request))

    def write_beat(self, beat: Beat) -> bytes:
        """PROTOCOL.md 7.3."""
        return answers.write(beat.id, ending=False)


OSLO = OsloWire()
