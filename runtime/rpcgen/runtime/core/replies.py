"""What comes back: frames to values or exceptions on the client, values or exceptions to frames on the server.

The tables here are the whole mapping between `errors.py` and PROTOCOL.md 3.2 to 3.5. No class is ever looked up by a
name from the wire outside them.
"""

from __future__ import annotations

import traceback
from typing import TYPE_CHECKING, Any

import msgspec
from rpcgen.runtime import errors
from rpcgen.runtime.core.codec import Codec, Undecodable
from rpcgen.runtime.core.envelope import (
    BAD_RESULT,
    RAISED,
    Failure,
    Fault,
    Refusal,
    Reply,
    Request,
)
from rpcgen.runtime.core.opaque import OpaqueCodecs
from rpcgen.runtime.core.versions.dates import dotted
from rpcgen.runtime.core.versions.parts import in_effect
from rpcgen.runtime.core.versions.results import VersionedReader, VersionedWriter
from rpcgen.runtime.core.versions.visiting import Unsayable
from rpcgen.runtime.core.words import path_text
from rpcgen.runtime.descriptor import NOTHING, ErrorType, Interface, Method, Version
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
    return {cls.code: cls for cls in classes if "code" in vars(cls)}  # some never travel


#: `Refusal.code` to class.
REFUSALS: dict[str, type[Rejected]] = _codes()


def refusal(call_id: bytes, error: Rejected) -> Refusal:
    """The frame that says why nothing was run."""
    return Refusal(call_id, error.code, clip(str(error)), error.path, error.retry_after)


def clip(text: str) -> str:
    """Text that is safe to send and to log: bounded, and without lone surrogates."""
    return text[:MAX_TEXT].encode("utf-8", "replace").decode("utf-8")


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
        self._results: dict[int | None, tuple[VersionedReader, str]] = {
            None: self._result_reader(at)
        }
        self._errors: dict[tuple[str, int | None], tuple[ErrorType, VersionedReader]] = {}

    def _result_reader(self, at: Version) -> tuple[VersionedReader, str]:
        """The reader of results of a version, and the stem of the converter that they then go through."""
        forms = [form for form in self._method.forms if form.returns is not NOTHING]
        form = in_effect(forms, at)
        if form is None:
            return self._reader(self._method.returns, at), ""
        return self._reader(form.returns, at), form.convert

    def _reader(self, of: Any, at: Version) -> VersionedReader:
        interface = self._method.interface
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
        minor = self._written_for(reply.minor)
        found = self._results.get(minor)
        if found is None:
            found = self._results[minor] = self._result_reader((self._at[0], minor or 0))
        reader, stem = found
        try:
            value = reader.read(reply.body, codec)
        except (BadArguments, Undecodable) as error:
            text = str(error).replace("argument", "result field", 1)
            raise BadResult(f"the result of {self._method.name} cannot be read: {text}") from error
        return value if not stem else getattr(self._converters, f"result_{stem}")(value)

    def _declared(self, failure: Failure, codec: Codec) -> RpcgenError:
        minor = self._written_for(failure.minor)
        found = self._errors.get((failure.name, minor))
        if found is None:
            errors = self._method.interface.errors
            known = next((error for error in errors if error.name == failure.name), None)
            if known is None:
                return RemoteError(failure.message, type_name=failure.name)
            at = self._at if minor is None else (self._at[0], minor)
            found = known, self._reader(known.fields, at)
            self._errors[failure.name, minor] = found
        error, reader = found
        try:
            fields = reader.read(failure.body, codec)
        except (BadArguments, Undecodable) as reason:
            return RemoteError(
                f"{failure.message} (its fields cannot be read: {reason})", type_name=failure.name
            )
        return error.cls(failure.message, **msgspec.structs.asdict(fields))


class Results:
    """Writes the answers of one method."""

    __slots__ = ("_codecs", "_converters", "_debug", "_errors", "_forms", "_method", "_writers")

    def __init__(
        self, method: Method[Any, Any], codecs: OpaqueCodecs, converters: object, *, debug: bool
    ) -> None:
        self._method = method
        self._debug = debug
        self._codecs = codecs
        self._converters = converters
        self._forms = tuple(form for form in method.forms if form.returns is not NOTHING)
        self._errors = declared_by(method, method.interface)
        self._writers: dict[Any, VersionedWriter] = {}

    def reply(self, request: Request, value: Any, codec: Codec, reader: Version) -> bytes:
        """The frame for a handler that returned; `reader` is the newest version that caller and server know.

        Raises:
            BadResult: the value does not fit the interface.
        """
        form = in_effect(self._forms, reader) if self._forms else None
        try:
            if form is not None:
                value = getattr(self._converters, f"result_{form.convert}")(value)
            of = self._method.returns if form is None else form.returns
            data = self._writer(of).write(value, codec, reader)
        except (BadArguments, Undecodable) as error:
            text = str(error).replace("argument", "result field", 1)
            raise BadResult(
                f"the handler of {self._method.name} returned a bad result: {text}"
            ) from error
        except Unsayable as error:
            where = path_text(error.path) or "the result"
            raise BadResult(
                f"the handler of {self._method.name} returned a value that readers of "
                f"{dotted(reader)} cannot be told: {where}"
            ) from None
        except Exception as error:  # whatever the program's codecs and converters raise
            raise BadResult(
                f"the handler of {self._method.name} returned a bad result: {error}"
            ) from error
        return codec.encode(Reply(request.id, msgspec.Raw(data), _older(request, reader)))

    def failure(
        self, request: Request, error: BaseException, codec: Codec, reader: Version
    ) -> tuple[bytes, bool]:
        """The frame for a handler that raised, and whether the method declares that error."""
        if isinstance(error, DeclaredError):
            declared = self._errors.get(type(error))
            if declared is not None:
                try:
                    names = declared.fields.__struct_fields__
                    fields = declared.fields(**{name: getattr(error, name) for name in names})
                    body = self._writer(declared.fields).write(fields, codec, reader)
                    message, minor = clip(error.message), _older(request, reader)
                    failure = Failure(request.id, declared.name, message, msgspec.Raw(body), minor)
                    return codec.encode(failure), True
                except Exception as broken:  # whatever the program's codecs raise
                    error = BadResult(
                        f"{type(error).__name__} has a field that cannot travel: {broken}"
                    )
        return codec.encode(self._fault(request.id, error)), False

    def _writer(self, of: Any) -> VersionedWriter:
        key = id(
            of
        )  # type expressions of the descriptors live as long as this, and some have no hash
        writer = self._writers.get(key)
        if writer is None:
            interface = self._method.interface
            writer = VersionedWriter(of, interface, self._codecs, self._converters)
            self._writers[key] = writer
        return writer

    def _fault(self, call_id: bytes, error: BaseException) -> Fault:
        try:
            text = str(error)
        except Exception as broken:
            text = f"(its text cannot be made: {type(broken).__name__})"
        trace = "".join(traceback.format_exception(error))[-MAX_TEXT:] if self._debug else None
        code = BAD_RESULT if isinstance(error, BadResult) else RAISED
        return Fault(call_id, code, type(error).__name__, clip(text), trace and clip(trace))


def _older(request: Request, reader: Version) -> int | None:
    """What an answer says of its version: nothing, unless the server is older than its caller."""
    return None if reader[1] == request.reader else reader[1]


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
