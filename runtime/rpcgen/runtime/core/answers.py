"""What comes back to a client: frames to values or exceptions.

The tables here are the client's half of the mapping between `errors.py` and PROTOCOL.md 3.2 to 3.5. No class is ever
looked up by a name from the wire outside them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from rpcgen.runtime import errors
from rpcgen.runtime.core.codec import Codec, Undecodable
from rpcgen.runtime.core.dates import in_effect
from rpcgen.runtime.core.envelope import BAD_RESULT, LOST, Failure, Fault, Refusal, Reply
from rpcgen.runtime.core.opaque import OpaqueCodecs
from rpcgen.runtime.core.reading import Reader
from rpcgen.runtime.descriptor import NOTHING, ErrorType, Method, Version
from rpcgen.runtime.descriptors import explained
from rpcgen.runtime.errors import (
    BadArguments,
    BadResult,
    ConnectionLost,
    Rejected,
    RemoteError,
    RpcgenError,
)

if TYPE_CHECKING:
    from rpcgen.runtime.core.call import Call
    from rpcgen.runtime.core.versions.answers import VersionedReader

    AnswerReader = Reader | VersionedReader


class Given(msgspec.Struct, frozen=True):
    """A result that never travelled: a test's script says it."""

    value: Any


#: An answer as a client's table of pending calls keeps it: a frame, or why there will be none.
Answer = Reply | Failure | Fault | Refusal | Given | RpcgenError


def _codes() -> dict[str, type[Rejected]]:
    classes = [
        cls for cls in vars(errors).values() if isinstance(cls, type) and issubclass(cls, Rejected)
    ]
    return {cls.code: cls for cls in classes if "code" in vars(cls)}  # some never travel


#: `Refusal.code` to class.
REFUSALS: dict[str, type[Rejected]] = _codes()


class Answers:
    """Reads the answers to one method.

    Args:
        method: whose.
        at: the version that answers are written for, unless a server says that it knows only an older one.
        codecs, converters: the client's.
    """

    __slots__ = ("_at", "_codecs", "_converters", "_errors", "_method", "_results")

    def __init__(
        self, method: Method[Any, Any], at: Version, codecs: OpaqueCodecs, converters: object
    ) -> None:
        self._method = method
        self._at = at
        self._codecs = codecs
        self._converters = converters
        self._results: dict[int | None, tuple[AnswerReader, str]] = {None: self._result_reader(at)}
        self._errors: dict[tuple[str, int | None], tuple[ErrorType, AnswerReader]] = {}

    def _result_reader(self, at: Version) -> tuple[AnswerReader, str]:
        """The reader of results of a version, and the stem of the converter that they then go through."""
        forms = [form for form in self._method.forms if form.returns is not NOTHING]
        form = in_effect(forms, at)
        if form is None:
            return self._reader(self._method.returns, at), ""
        return self._reader(form.returns, at), form.convert

    def _reader(self, of: Any, at: Version) -> AnswerReader:
        interface = self._method.interface
        if not interface.has_past:
            return Reader(of, self._codecs.decode, strict=False)
        from rpcgen.runtime.core.versions.answers import VersionedReader

        return VersionedReader(of, interface, at, self._codecs, self._converters)

    def _written_for(self, minor: int | None) -> int | None:
        """The minor of an older server, as a key; what is newer than we are was written for us."""
        return None if minor is None or minor >= self._at[1] else minor

    def outcome(self, call: Call) -> Any:
        """The value of a reply; raises what any other answer means."""
        answer = call.answer
        codec = call.plan.codec
        match answer:
            case Reply():
                return self._value(answer, codec)
            case Given():
                return answer.value
            case Refusal():
                cls = REFUSALS.get(answer.code, Rejected)
                raise cls(answer.message, path=answer.path, retry_after=answer.retry_after)
            case Failure():
                raise self._declared(answer, codec)
            case Fault(code=code) if code == LOST:
                raise ConnectionLost(answer.message)
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
        minor = self._written_for(reply.minor)
        try:
            found = self._results.get(minor)
            if found is None:
                found = self._results[minor] = self._result_reader((self._at[0], minor or 0))
            reader, stem = found
            value = reader.read(reply.body, codec)
        except (BadArguments, Undecodable) as error:
            text = str(error).replace("argument", "result field", 1)
            raise BadResult(f"the result of {self._method.name} cannot be read: {text}") from error
        except OSError as error:  # what few results need is loaded with the first of them
            text = explained(error)
            raise BadResult(f"the result of {self._method.name} cannot be read: {text}") from error
        if not stem:
            return value
        from rpcgen.runtime.core.versions.converters import converted  # few programs convert

        try:
            return converted(self._converters, f"result_{stem}", value)
        except BadArguments as error:
            raise BadResult(f"the result of {self._method.name}: {error}") from error

    def _declared(self, failure: Failure, codec: Codec) -> RpcgenError:
        try:
            found = self._error(failure.name, self._written_for(failure.minor))
            if found is None:
                return RemoteError(failure.message, type_name=failure.name)
            error, reader = found
            fields = reader.read(failure.body, codec)
        except (BadArguments, BadResult, Undecodable) as unreadable:
            return _bare(failure, str(unreadable), unreadable)
        except OSError as unloaded:
            return _bare(failure, explained(unloaded), unloaded)
        return error.cls(failure.message, **msgspec.structs.asdict(fields))

    def _error(self, name: str, minor: int | None) -> tuple[ErrorType, AnswerReader] | None:
        """An error of the interface, and the reader of its fields; None if there is none of that name."""
        found = self._errors.get((name, minor))
        if found is None:
            errors = self._method.interface.errors
            known = next((error for error in errors if error.name == name), None)
            if known is None:
                return None
            at = self._at if minor is None else (self._at[0], minor)
            found = self._errors[name, minor] = known, self._reader(known.fields, at)
        return found


def _bare(failure: Failure, reason: str, cause: Exception) -> RemoteError:
    """A declared error without its fields."""
    text = f"{failure.message} (its fields cannot be read: {reason})"
    error = RemoteError(text, type_name=failure.name)
    error.__cause__ = cause
    return error
