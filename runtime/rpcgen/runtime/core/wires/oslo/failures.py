"""Failures on the oslo wire (PROTOCOL.md 7.4): which exception is which, in both directions.

A name from the wire is only ever looked up in the tables here and among the errors that the interface declares.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import msgspec
from msgspec import Raw, Struct, field
from rpcgen.runtime.core.answers import REFUSALS
from rpcgen.runtime.core.codec import DECODE_ERRORS, JSON
from rpcgen.runtime.core.envelope import BAD_RESULT, LOST, RAISED, Failure, Fault, Refusal, Request
from rpcgen.runtime.core.results import clip, declared_by
from rpcgen.runtime.core.wires.oslo.envelope import refuse_twice
from rpcgen.runtime.descriptor import ErrorType, Interface
from rpcgen.runtime.errors import (
    BadResult,
    ConnectionLost,
    Rejected,
    UnknownMethod,
    UnknownNamespace,
    VersionRejected,
)

if TYPE_CHECKING:
    from rpcgen.runtime.core.call import Call

#: Where oslo.messaging's own refusals live, now and long ago.
DISPATCHERS = ("oslo_messaging.rpc.dispatcher", "oslo.messaging.rpc.dispatcher")
UNSUPPORTED_VERSION = "UnsupportedVersion"
NO_SUCH_METHOD = "NoSuchMethod"

#: Where our refusals live; a peer that allows this module gets them as they are.
OWN = "rpcgen.runtime.errors"

#: What a refusal, or a loss, that came out of a handler is said to be of: it is another server's, and says nothing of this one.
FOREIGN = "rpcgen.runtime"

#: What a caller's own type of an exception from another process ends with, class and module.
REMOTE = "_Remote"

#: Bytes of an exception's arguments that travel; more, and its text travels instead.
MAX_ARGUMENTS = 65536

EMPTY = Raw(b"{}")

#: Codes of faults that a client has to know from others, by the names of their classes.
_CODES = {BadResult.__name__: BAD_RESULT, ConnectionLost.__name__: LOST}

#: Our refusals by the names of their classes.
_REFUSALS = {cls.__name__: cls for cls in REFUSALS.values()}


class Told(Struct):
    """What a failure says; anything may be missing, or be something else."""

    cls: Any = field(name="class", default="")
    module: Any = ""
    message: Any = ""
    tb: Any = None
    kwargs: Raw = EMPTY


_decode = msgspec.json.Decoder(Told).decode


# --- written by servers -----------------------------------------------------------------------------------------------


def declared(failure: Failure, error: ErrorType, interface: Interface) -> str:
    """A declared error, under its name for oslo.messaging's peers."""
    module, _, cls = wire_name(error, interface).rpartition(".")
    return _written(cls, module, failure.message, kwargs=failure.body)


def undeclared(fault: Fault, error: BaseException) -> str:
    """Any other exception, so that a peer that allows its module can make it again."""
    cls, module = type(error).__name__, type(error).__module__
    if isinstance(error, (Rejected, ConnectionLost)) and fault.code != LOST:
        return _written(cls, FOREIGN, fault.message, trace=fault.traceback)
    if fault.code == LOST or isinstance(error, BadResult):
        return _written(cls, OWN, fault.message, trace=fault.traceback)
    if cls.endswith(REMOTE) and module.endswith(REMOTE):
        cls, module = cls.removesuffix(REMOTE), module.removesuffix(REMOTE)
    args, kwargs = _arguments(error, fault.message)
    return _written(cls, module, fault.message, args=args, kwargs=kwargs, trace=fault.traceback)


def refused(refusal: Refusal, request: Request) -> str:
    """A refusal: as oslo.messaging's dispatcher says it, if it has a word for it."""
    cls = REFUSALS.get(refusal.code, Rejected)
    if issubclass(cls, UnknownMethod):
        text = clip(f"Endpoint does not support RPC method {request.method}")
        return _written(NO_SUCH_METHOD, DISPATCHERS[0], text)
    if issubclass(cls, (VersionRejected, UnknownNamespace)):
        version = f"{request.major}.{request.minor}"
        text = clip(
            f"Endpoint does not support RPC version {version}. Attempted method: {request.method}"
        )
        return _written(UNSUPPORTED_VERSION, DISPATCHERS[0], text)
    kwargs = JSON.encode({"path": refusal.path, "retry_after": refusal.retry_after})
    return _written(cls.__name__, OWN, refusal.message, kwargs=Raw(kwargs))


def wire_name(error: ErrorType, interface: Interface) -> str:
    """Module and class of a declared error for these peers: what the interface says, else the generated class."""
    return error.wire or f"{interface.package}.errors.{error.name}"


def _written(
    cls: str,
    module: str,
    message: str,
    *,
    args: Raw | None = None,
    kwargs: Raw = EMPTY,
    trace: str | None = None,
) -> str:
    said = {
        "class": cls,
        "module": module,
        "message": message,
        "tb": [] if trace is None else trace.splitlines(keepends=True),
        "args": [message] if args is None else args,
        "kwargs": kwargs,
    }
    return JSON.encode(said).decode()


def _arguments(error: BaseException, message: str) -> tuple[Raw, Raw]:
    """What the exception was made of, if that can travel; else its text."""
    try:
        args, kwargs = JSON.encode(error.args), JSON.encode(getattr(error, "kwargs", {}))
    except Exception:  # whatever their own classes raise
        return Raw(JSON.encode([message])), EMPTY
    if not kwargs.startswith(b"{") or len(args) + len(kwargs) > MAX_ARGUMENTS:
        return Raw(JSON.encode([message])), EMPTY
    return Raw(args), Raw(kwargs)


# --- read by clients --------------------------------------------------------------------------------------------------


def read(call: Call, failure: object) -> Failure | Fault | Refusal:
    """What a server told of a call that failed."""
    try:
        told = _decode(cast("Any", failure))
        refuse_twice(cast("str", failure).encode())
    except (*DECODE_ERRORS, TypeError) as broken:
        return Fault(call.id, RAISED, "", f"the failure cannot be read: {broken}")
    cls, module, message = str(told.cls), str(told.module), str(told.message)
    if cls.endswith(REMOTE) and module.endswith(REMOTE):
        cls, module = cls.removesuffix(REMOTE), module.removesuffix(REMOTE)
    if module in DISPATCHERS and (refusal := _dispatchers(call, cls, message)) is not None:
        return refusal
    if module == OWN and cls in _REFUSALS:
        return _own(call, _REFUSALS[cls], message, told.kwargs)
    interface = call.plan.method.interface
    for error in declared_by(call.plan.method, interface).values():
        if wire_name(error, interface) == f"{module}.{cls}":
            return Failure(call.id, error.name, message, told.kwargs, call.needs)
    code = _CODES.get(cls, RAISED) if module == OWN else RAISED
    return Fault(call.id, code, cls, message, _trace(told.tb))


def _dispatchers(call: Call, cls: str, message: str) -> Refusal | None:
    """A refusal of our own message; one that speaks of another came out of a handler, which therefore ran."""
    if cls == NO_SUCH_METHOD and message.endswith(f"method {call.plan.name}"):
        return Refusal(call.id, UnknownMethod.code, message)
    if cls == UNSUPPORTED_VERSION and (
        f"version {call.version[0]}.{call.version[1]}" in message
        and message.endswith(f"method: {call.plan.name}")
    ):
        return Refusal(call.id, VersionRejected.code, message)
    return None


def _own(call: Call, cls: type[Rejected], message: str, kwargs: Raw) -> Refusal:
    try:
        more = msgspec.json.decode(kwargs, type=Refused)
    except DECODE_ERRORS:
        more = Refused()
    return Refusal(call.id, cls.code, message, more.path, more.retry_after)


class Refused(Struct):
    """What a refusal of ours says beside its text."""

    path: str | None = None
    retry_after: float | None = None


def _trace(lines: object) -> str | None:
    if not isinstance(lines, list):
        return None
    return "".join(str(line) for line in cast("list[object]", lines)) or None
