"""What comes back: frames to values or exceptions on the client, values or exceptions to frames on the server.

The tables here are the whole mapping between `errors.py` and PROTOCOL.md 3.2 to 3.5. No class is ever looked up by a
name from the wire outside them.
"""

from __future__ import annotations

import traceback
from typing import TYPE_CHECKING, Any

import msgspec
from rpcgen.runtime import errors
from rpcgen.runtime.core.codec import CODECS, Codec, DecHook, Undecodable
from rpcgen.runtime.core.envelope import (
    BAD_RESULT,
    RAISED,
    Failure,
    Fault,
    Refusal,
    Reply,
)
from rpcgen.runtime.core.measures import measure_for
from rpcgen.runtime.core.opaque import OpaqueCodecs
from rpcgen.runtime.core.reading import Reader
from rpcgen.runtime.descriptor import ErrorType, Interface, Method
from rpcgen.runtime.errors import (
    BadArguments,
    BadResult,
    DeclaredError,
    Rejected,
    RemoteError,
    RpcgenError,
)

if TYPE_CHECKING:
    from rpcgen.runtime.core.call import Call

#: An answer as a client's table of pending calls keeps it: a frame, or why there will be none.
Answer = Reply | Failure | Fault | Refusal | RpcgenError

#: Characters of an error's text that travel; more is cut (a traceback of megabytes must not cost the reply).
MAX_TEXT = 4096


def _codes() -> dict[str, type[Rejected]]:
    classes = [
        cls for cls in vars(errors).values() if isinstance(cls, type) and issubclass(cls, Rejected)
    ]
    return {cls.code: cls for cls in classes}


#: `Refusal.code` to class.
REFUSALS: dict[str, type[Rejected]] = _codes()


def refusal(call_id: bytes, error: Rejected) -> Refusal:
    """The frame that says why nothing was run."""
    return Refusal(call_id, error.code, clip(str(error)), error.path, error.retry_after)


def clip(text: str) -> str:
    """Text that is safe to send and to log: bounded, and without lone surrogates."""
    return text[:MAX_TEXT].encode("utf-8", "replace").decode("utf-8")


class Answers:
    """Reads the answers to one method."""

    __slots__ = ("_errors", "_hook", "_method", "_result")

    def __init__(self, method: Method[Any, Any], hook: DecHook) -> None:
        self._method = method
        self._hook = hook
        self._result = Reader(method.returns, hook, strict=False)
        self._errors: dict[str, tuple[ErrorType, Reader]] | None = None

    def outcome(self, call: Call) -> Any:
        """The value of a reply; raises what any other answer means."""
        answer = call.answer
        codec = call.plan.codec
        match answer:
            case Reply():
                return self._value(answer, codec)
            case Refusal():
                cls = REFUSALS.get(answer.code, Rejected)
                raise cls(answer.message, path=answer.path, retry_after=answer.retry_after)
            case Failure():
                raise self._declared(answer, codec)
            case Fault():
                cls_ = BadResult if answer.code == BAD_RESULT else RemoteError
                raise cls_(
                    answer.message, type_name=answer.type_name, remote_traceback=answer.traceback
                )
            case RpcgenError():
                raise answer
            case None:
                raise AssertionError("unexpected outcome of a call without an answer")

    def _value(self, reply: Reply, codec: Codec) -> Any:
        try:
            return self._result.read(reply.body, codec)
        except (BadArguments, Undecodable) as error:
            text = str(error).replace("argument", "result field", 1)
            raise BadResult(f"the result of {self._method.name} cannot be read: {text}") from error

    def _declared(self, failure: Failure, codec: Codec) -> RpcgenError:
        if self._errors is None:
            interface = self._method.interface
            self._errors = {
                e.name: (e, Reader(e.fields, self._hook, strict=False)) for e in interface.errors
            }
        known = self._errors.get(failure.name)
        if known is None:
            return RemoteError(failure.message, type_name=failure.name)
        error, reader = known
        try:
            fields = reader.read(failure.body, codec)
        except (BadArguments, Undecodable) as reason:
            return RemoteError(
                f"{failure.message} (its fields cannot be read: {reason})", type_name=failure.name
            )
        return error.cls(failure.message, **msgspec.structs.asdict(fields))


class Results:
    """Writes the answers of one method."""

    __slots__ = ("_debug", "_encoders", "_errors", "_measure", "_method", "_pack", "_reader")

    def __init__(self, method: Method[Any, Any], codecs: OpaqueCodecs, *, debug: bool) -> None:
        self._method = method
        self._debug = debug
        self._encoders = {codec: codec.encoder(codecs.encode) for codec in CODECS.values()}
        self._pack = codecs.packer(method.returns)
        self._reader = Reader(method.returns, codecs.decode, strict=True)
        interface = method.interface
        self._measure = measure_for(method.returns, interface, writing=True)
        self._errors = declared_by(method, interface)

    def reply(self, call_id: bytes, value: Any, codec: Codec) -> bytes:
        """The frame for a handler that returned.

        Raises:
            BadResult: the value does not fit the interface.
        """
        try:
            data = self._encoders[codec](value if self._pack is None else self._pack(value))
            self._reader.read(data, codec)
        except (BadArguments, Undecodable) as error:
            text = str(error).replace("argument", "result field", 1)
            raise BadResult(
                f"the handler of {self._method.name} returned a bad result: {text}"
            ) from error
        except Exception as error:  # whatever the program's codecs raise
            raise BadResult(
                f"the handler of {self._method.name} returned a bad result: {error}"
            ) from error
        if self._measure is not None:
            plain = codec.untyped(data)
            if self._measure.find(plain).changed:
                data = codec.encode(plain)
        return codec.encode(Reply(call_id, msgspec.Raw(data)))

    def failure(self, call_id: bytes, error: BaseException, codec: Codec) -> tuple[bytes, bool]:
        """The frame for a handler that raised, and whether the method declares that error."""
        if isinstance(error, DeclaredError):
            declared = self._errors.get(type(error))
            if declared is not None:
                try:
                    fields = {
                        name: getattr(error, name) for name in declared.fields.__struct_fields__
                    }
                    body = self._encoders[codec](declared.fields(**fields))
                    return codec.encode(
                        Failure(call_id, declared.name, clip(error.message), msgspec.Raw(body))
                    ), True
                except Exception as broken:  # whatever the program's codecs raise
                    error = BadResult(
                        f"{type(error).__name__} has a field that cannot travel: {broken}"
                    )
        return codec.encode(self._fault(call_id, error)), False

    def _fault(self, call_id: bytes, error: BaseException) -> Fault:
        try:
            text = str(error)
        except Exception as broken:
            text = f"(its text cannot be made: {type(broken).__name__})"
        trace = "".join(traceback.format_exception(error))[-MAX_TEXT:] if self._debug else None
        code = BAD_RESULT if isinstance(error, BadResult) else RAISED
        return Fault(call_id, code, type(error).__name__, clip(text), trace and clip(trace))


def declared_by(
    method: Method[Any, Any], interface: Interface
) -> dict[type[DeclaredError], ErrorType]:
    """The classes that a handler of the method may raise, errors that extend a declared one included."""
    bases = tuple(error.cls for error in interface.errors if error.name in method.raises)
    return (
        {error.cls: error for error in interface.errors if issubclass(error.cls, bases)}
        if bases
        else {}
    )
