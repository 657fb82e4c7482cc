"""Transports that record what a client would have sent, and answer from a script."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, ClassVar

import msgspec
from msgspec import Struct
from rpcgen.runtime.core.answers import Answer, Given
from rpcgen.runtime.core.call import Call
from rpcgen.runtime.core.envelope import Reply
from rpcgen.runtime.core.versions.answers import VersionedReader
from rpcgen.runtime.core.versions.results import VersionedWriter
from rpcgen.runtime.core.wires.native import NATIVE
from rpcgen.runtime.core.wires.wire import Wire
from rpcgen.runtime.descriptor import Kind
from rpcgen.runtime.ids import new_id
from rpcgen.runtime.peers import Found
from rpcgen.runtime.proxy import Sent
from rpcgen.runtime.target import Target
from rpcgen.runtime.transports import World


class Recorded(Struct, frozen=True):
    """One message that would have been sent.

    Attributes:
        target: exchange, topic, and the server or fanout.
        kind: `call` or `cast`.
        namespace, method: as they travel.
        version: the (major, minor) that the message needs.
        reader: the minor of that major that the client understands.
        arguments: what is in it, by wire name, in plain values.
        timeout: seconds until the deadline; None if there is none.
        context: the user fields that travel along.
    """

    target: Target
    kind: Kind
    namespace: str | None
    method: str
    version: tuple[int, int]
    reader: int
    arguments: dict[str, Any]
    timeout: float | None
    context: dict[str, Any]


class _Recorder:
    """What both worlds share."""

    def __init__(self) -> None:
        self.wire: Wire = NATIVE
        self.messages: list[Recorded] = []
        self._answers: dict[str, Any] = {}

    def answer(self, method: str, answer: object) -> None:
        """Answer calls of `method` with a value; or raise, if it is an exception; or ask, if it is a function.

        A function gets the `Recorded` message and returns the value. Without an answer, a method that returns nothing
        returns None, and any other raises LookupError.
        """
        self._answers[method] = answer

    def check_events(self) -> None:
        """Events are recorded as casts are."""

    def clear(self) -> None:
        """Forget the messages; answers stay."""
        self.messages.clear()

    def _record(self, call: Call) -> Recorded:
        call.id = new_id()
        recorded = Recorded(
            target=call.target,
            kind=call.kind,
            namespace=call.namespace,
            method=call.plan.name,
            version=call.version,
            reader=call.plan.version[1],
            arguments=call.plan.codec.untyped(call.body),
            timeout=None if call.deadline is None else max(0.0, call.deadline - time.monotonic()),
            context=dict(call.fields),
        )
        self.messages.append(recorded)
        return recorded

    def _answer(self, call: Call) -> None:
        recorded = self._record(call)
        if call.method not in self._answers and call.plan.method.returns is not None:
            raise LookupError(
                f"no answer for {call.method!r}: say what it returns with "
                f"transport.answer({call.method!r}, value)"
            )
        answer = self._answers.get(call.method)
        if isinstance(answer, BaseException):
            raise answer
        ask: Callable[[Recorded], Any] | None = answer if callable(answer) else None
        value = ask(recorded) if ask is not None else answer
        call.answer = self._scripted(call, value)

    def _scripted(self, call: Call, value: object) -> Answer:
        """The value as an answer; it is checked as a server would, and read back as the client does."""
        plan, interface = call.plan, call.plan.method.interface
        returns = plan.method.returns
        data = VersionedWriter(returns, interface, plan.codecs, None).write(
            value, plan.codec, interface.version
        )
        if plan.version == interface.version:
            return Reply(call.id, msgspec.Raw(data))
        # Only a server has what turns today's results into those of older versions.
        reader = VersionedReader(returns, interface, interface.version, plan.codecs, None)
        return Given(reader.read(data, plan.codec))

    def _sent(self, call: Call) -> Sent:
        self._record(call)
        return Sent(call.id, (str(call.target),))


class RecordingTransport(_Recorder):
    """For blocking clients: `ComputeClient(RecordingTransport())`."""

    world: ClassVar[World] = "blocking"

    def call(self, call: Call) -> None:
        """Record a call and answer it."""
        self._answer(call)

    def cast(self, call: Call) -> Sent:
        """Record a cast."""
        return self._sent(call)

    def discover(self, timeout: float) -> list[Found]:
        """Nobody is there."""
        return []

    def close(self) -> None:
        """Nothing is open."""


class AsyncRecordingTransport(_Recorder):
    """For asyncio clients: `AsyncComputeClient(AsyncRecordingTransport())`."""

    world: ClassVar[World] = "asyncio"

    async def call(self, call: Call) -> None:
        """Record a call and answer it."""
        self._answer(call)

    async def cast(self, call: Call) -> Sent:
        """Record a cast."""
        return self._sent(call)

    async def discover(self, timeout: float) -> list[Found]:
        """Nobody is there."""
        return []

    async def close(self) -> None:
        """Nothing is open."""
