"""What a server answers: values or exceptions to frames.

The server's half of the mapping between `errors.py` and PROTOCOL.md 3.2 to 3.5.
"""

from __future__ import annotations

import traceback
from typing import Any

import msgspec
from rpcgen.runtime.core.codec import Undecodable
from rpcgen.runtime.core.dates import dotted, in_effect
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
from rpcgen.runtime.core.versions.converters import converted
from rpcgen.runtime.core.versions.parts import Unsayable
from rpcgen.runtime.core.versions.results import VersionedWriter
from rpcgen.runtime.core.wires.wire import Wire
from rpcgen.runtime.core.words import path_text
from rpcgen.runtime.descriptor import NOTHING, ErrorType, Interface, Method, Version
from rpcgen.runtime.errors import BadArguments, BadResult, DeclaredError, Rejected

#: Characters of an error's text that travel; more is cut (a traceback of megabytes must not cost the reply).
MAX_TEXT = 4096


def refusal(call_id: bytes, error: Rejected) -> Refusal:
    """The frame that says why nothing was run."""
    return Refusal(call_id, error.code, clip(str(error)), error.path, error.retry_after)


def clip(text: str) -> str:
    """Text that is safe to send and to log: bounded, and without lone surrogates."""
    return text[:MAX_TEXT].encode("utf-8", "replace").decode("utf-8")


def text_of(error: BaseException) -> str:
    """What an exception of the program's says, as such text; some raise when they are asked."""
    try:
        return clip(str(error))
    except Exception as broken:
        return f"(its text cannot be made: {type(broken).__name__})"


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

    def reply(self, request: Request, value: Any, wire: Wire, reader: Version) -> bytes:
        """The frame for a handler that returned; `reader` is the newest version that caller and server know.

        Raises:
            BadResult: the value does not fit the interface.
        """
        form = in_effect(self._forms, reader) if self._forms else None
        try:
            if form is not None:
                value = converted(self._converters, f"result_{form.convert}", value)
            of = self._method.returns if form is None else form.returns
            data = self._writer(of, wire).write(value, wire.codec, reader)
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
        return wire.write_reply(Reply(request.id, msgspec.Raw(data), _older(request, reader)))

    def failure(
        self, request: Request, error: BaseException, wire: Wire, reader: Version
    ) -> tuple[bytes, bool]:
        """The frame for a handler that raised, and whether the method declares that error."""
        if isinstance(error, DeclaredError):
            declared = self._errors.get(type(error))
            if declared is not None:
                try:
                    names = declared.fields.__struct_fields__
                    fields = declared.fields(**{name: getattr(error, name) for name in names})
                    body = self._writer(declared.fields, wire).write(fields, wire.codec, reader)
                    message, minor = clip(error.message), _older(request, reader)
                    failure = Failure(request.id, declared.name, message, msgspec.Raw(body), minor)
                    return wire.write_failure(failure, declared, self._method.interface), True
                except Exception as broken:  # whatever the program's codecs raise
                    error = BadResult(
                        f"{type(error).__name__} has a field that cannot travel: {broken}"
                    )
        return wire.write_fault(self._fault(request.id, error), error), False

    def _writer(self, of: Any, wire: Wire) -> VersionedWriter:
        # Type expressions of the descriptors live as long as this, and some have no hash.
        key = id(of), wire.one_version
        writer = self._writers.get(key)
        if writer is None:
            interface = self._method.interface
            writer = VersionedWriter(
                of, interface, self._codecs, self._converters, whole=wire.one_version
            )
            self._writers[key] = writer
        return writer

    def _fault(self, call_id: bytes, error: BaseException) -> Fault:
        trace = "".join(traceback.format_exception(error))[-MAX_TEXT:] if self._debug else None
        code = BAD_RESULT if isinstance(error, BadResult) else RAISED
        return Fault(call_id, code, type(error).__name__, text_of(error), trace and clip(trace))


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
