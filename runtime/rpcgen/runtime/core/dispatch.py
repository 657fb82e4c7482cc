"""From a request to a handler: the gate (LANGUAGE V1, V2), and one request's life on a server.

The table is built once from the interfaces' descriptors and the endpoints' handlers; text from the wire only ever
looks things up in it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from inspect import isabstract
from typing import Any

import msgspec
from rpcgen.runtime.context import FOREVER, Context
from rpcgen.runtime.core.codec import Codec, Undecodable
from rpcgen.runtime.core.dates import minor_in
from rpcgen.runtime.core.envelope import CALL, FINGERPRINT_BYTES, Request
from rpcgen.runtime.core.measures import measure_for
from rpcgen.runtime.core.opaque import OpaqueCodecs
from rpcgen.runtime.core.reading import Reader
from rpcgen.runtime.core.replies import Results, refusal
from rpcgen.runtime.core.words import path_text
from rpcgen.runtime.descriptor import Interface, Method
from rpcgen.runtime.endpoint import AsyncEndpoint, Endpoint
from rpcgen.runtime.errors import (
    ArgumentNotInVersion,
    ConfigurationError,
    Expired,
    InterfaceClash,
    Malformed,
    MethodNotInVersion,
    MinorTooNew,
    Rejected,
    UnknownMethod,
    UnknownNamespace,
    UnsupportedMajor,
    VersionRejected,
    WrongKind,
)
from rpcgen.runtime.peers import Caller

AnyEndpoint = Endpoint | AsyncEndpoint


class Entry:
    """One method of one endpoint, ready to be called."""

    __slots__ = (
        "calls",
        "casts",
        "handler",
        "immediate",
        "interface",
        "is_async",
        "major",
        "measure",
        "method",
        "minor",
        "reader",
        "results",
        "since",
    )

    def __init__(
        self, endpoint: AnyEndpoint, method: Method[Any, Any], codecs: OpaqueCodecs, *, debug: bool
    ) -> None:
        interface = method.interface
        self.method = method
        self.interface = interface
        self.major, self.minor = interface.version
        self.handler: Callable[..., Any] = getattr(endpoint, method.attribute)
        self.is_async = isinstance(endpoint, AsyncEndpoint)
        self.immediate = endpoint._immediate  # pyright: ignore[reportPrivateUsage]
        self.calls = any(route.kind == "call" for route in method.routes)
        self.casts = any(route.kind == "cast" for route in method.routes)
        self.since = minor_in(method.since, self.major)
        self.reader = Reader(method.args, codecs.decode, strict=True)
        self.measure = measure_for(method.args, interface, writing=False)
        self.results = Results(method, codecs, debug=debug)

    def arguments(self, body: msgspec.Raw, minor: int, codec: Codec) -> msgspec.Struct:
        """Read the arguments of a message that names `minor`.

        Raises:
            Rejected: the kind says what does not fit; the path says where.
        """
        try:
            arguments: msgspec.Struct = self.reader.read(body, codec)
        except Undecodable as error:
            raise Malformed(f"{self.method.name}: {error}") from error
        if self.measure is not None and minor < self.measure.newest:
            newest = self.measure.find(codec.untyped(body))
            if newest.minor > minor:
                where = path_text(newest.path)
                raise ArgumentNotInVersion(
                    f"{self.method.name}: {where!r} exists since {self.major}.{newest.minor}, "
                    f"the message names {self.major}.{minor}",
                    path=where,
                )
        return arguments


class LazyEntry:
    """Stands in the table until a method is first used, so that large interfaces start quickly."""

    __slots__ = ("make",)

    def __init__(self, make: Callable[[], Entry]) -> None:
        self.make = make


class Dispatcher:
    """The table of all that a server serves."""

    __slots__ = ("_table", "interfaces")

    def __init__(
        self, endpoints: Sequence[AnyEndpoint], codecs: OpaqueCodecs, *, debug: bool
    ) -> None:
        self.interfaces: list[Interface] = []
        self._table: dict[str | None, dict[str, Entry | LazyEntry]] = {}
        owners: dict[tuple[str | None, str], Interface] = {}
        for endpoint in endpoints:
            interface = interface_of(endpoint)
            self.interfaces.append(interface)
            methods = self._table.setdefault(interface.namespace, {})
            for method in interface.methods:
                owner = owners.setdefault((interface.namespace, method.name), interface)
                if method.name in methods:
                    where = (
                        f"namespace {interface.namespace!r}"
                        if interface.namespace is not None
                        else "the null namespace"
                    )
                    raise InterfaceClash(
                        f"{owner.name} and {interface.name} both claim {method.name!r} in {where}"
                    )
                methods[method.name] = LazyEntry(_maker(endpoint, method, codecs, debug=debug))

    def entry(self, request: Request) -> Entry:
        """The method that a request asks for, if this server serves it at the request's version.

        Raises:
            Rejected: the kind says which part is unknown or unsupported.
        """
        methods = self._table.get(request.namespace)
        if methods is None:
            raise UnknownNamespace(
                f"this server has no interface in namespace {_shown(request.namespace)}"
            )
        entry = methods.get(request.method)
        if entry is None:
            raise self._unknown(request)
        if isinstance(entry, LazyEntry):
            entry = methods[request.method] = entry.make()
        if request.major != entry.major or request.minor > entry.minor:
            raise _version_error(entry.interface, request) or AssertionError("unexpected version")
        if request.minor < entry.since:
            raise MethodNotInVersion(
                f"{request.method} exists since {entry.major}.{entry.since}, the message names {request.major}.{request.minor}"
            )
        if not (entry.calls if request.how == CALL else entry.casts):
            raise WrongKind(
                f"{request.method} cannot be {'called' if request.how == CALL else 'cast'}"
            )
        return entry

    def _unknown(self, request: Request) -> Rejected:
        error: VersionRejected | None = None
        for interface in self.interfaces:
            if interface.namespace == request.namespace:
                error = _version_error(interface, request)
                if error is None:
                    return UnknownMethod(
                        f"{interface.name} {_dotted(interface.version)} has no method {_shown(request.method)}"
                    )
        return error or UnknownMethod(f"no method {_shown(request.method)}")


class Job:
    """One request on a server, from the gate to the reply."""

    __slots__ = (
        "beat_at",
        "caller",
        "codec",
        "context",
        "entry",
        "request",
        "source",
        "started",
        "task",
    )

    def __init__(
        self, entry: Entry, request: Request, caller: Caller, source: Any, codec: Codec, now: float
    ) -> None:
        self.entry = entry
        self.request = request
        self.caller = caller
        #: The listener that the request came by, and that its answer leaves by.
        self.source = source
        self.codec = codec
        #: Whether its handler may have begun; what is refused before is refused with proof.
        self.started = False
        #: Whatever the shell needs to cancel it.
        self.task: Any = None
        self.beat_at = (
            now + request.beat if request.beat is not None and request.beat > 0.0 else None
        )
        self.context = Context(
            request_id=request.request_id or "",
            message_id=request.id,
            fields=request.context or {},
            deadline=_deadline(request.remaining, now),
            trace=request.trace,
            namespace=request.namespace,
            method=request.method,
            needs=(request.major, request.minor),
            reader=request.reader,
            attempt=request.attempt,
        )

    @property
    def wants_reply(self) -> bool:
        """Whether somebody waits."""
        return self.request.how == CALL

    @property
    def awaited(self) -> bool:
        """Whether somebody still waits: it is a call, and its caller has neither given up nor run out of time."""
        return self.request.how == CALL and not self.context.cancelled

    def expired(self, now: float) -> bool:
        """Whether its time is over."""
        deadline = self.context.deadline
        return deadline is not None and now >= deadline

    def arguments(self, now: float) -> msgspec.Struct:
        """The arguments, if the request may still run.

        Raises:
            Rejected: it expired while it waited, or its arguments do not fit.
        """
        if self.expired(now):
            raise Expired(f"{self.request.method}: its time was over before it could run")
        return self.entry.arguments(self.request.body, self.request.minor, self.codec)

    def refuse(self, error: Rejected) -> bytes:
        """The frame that refuses it."""
        return self.codec.encode(refusal(self.request.id, error))

    def reply(self, value: Any) -> bytes:
        """The frame for a result; raises BadResult."""
        return self.entry.results.reply(self.request.id, value, self.codec)

    def failure(self, error: BaseException) -> tuple[bytes, bool]:
        """The frame for an exception, and whether the method declares it."""
        return self.entry.results.failure(self.request.id, error, self.codec)

    def drifted(self) -> bool:
        """Whether the caller has another build of the very same version (LANGUAGE: fingerprint)."""
        interface = self.entry.interface
        theirs, ours = self.request.fingerprint, interface.fingerprint[:FINGERPRINT_BYTES]
        return bool(theirs) and theirs != ours and self.request.reader == interface.version[1]


def interface_of(endpoint: AnyEndpoint) -> Interface:
    """The descriptor of the interface that an endpoint serves; raises ConfigurationError if it is no endpoint."""
    if not isinstance(endpoint, (Endpoint, AsyncEndpoint)):  # pyright: ignore[reportUnnecessaryIsInstance]
        hint = ", an instance of it is" if isinstance(endpoint, type) else ""
        raise ConfigurationError(
            f"{endpoint!r} is no endpoint; expected an instance of a generated endpoint class{hint}"
        )
    if isabstract(type(endpoint)):
        raise AssertionError("unexpected instance of an abstract class")
    return endpoint._interface  # pyright: ignore[reportPrivateUsage] - the generated class's table


def _maker(
    endpoint: AnyEndpoint, method: Method[Any, Any], codecs: OpaqueCodecs, *, debug: bool
) -> Callable[[], Entry]:
    return lambda: Entry(endpoint, method, codecs, debug=debug)


def _version_error(interface: Interface, request: Request) -> VersionRejected | None:
    major, minor = interface.version
    if request.major != major:
        return UnsupportedMajor(
            f"{interface.name} is served at {major}.{minor}, the message needs {request.major}.{request.minor}"
        )
    if request.minor > minor:
        return MinorTooNew(
            f"{interface.name} is served at {major}.{minor}, the message needs {request.major}.{request.minor}"
        )
    return None


def _deadline(remaining: float | None, now: float) -> float | None:
    if remaining is None or not remaining < FOREVER:  # also NaN
        return None
    return now + max(0.0, remaining)


def _dotted(version: tuple[int, int]) -> str:
    return f"{version[0]}.{version[1]}"


def _shown(name: str | None) -> str:
    """Text from the wire, safe in a message: bounded and escaped."""
    return "null" if name is None else ascii(name[:64])
