"""From a request to a handler: the gate (LANGUAGE V1, V2), and one request's life on a server.

The table is built once from the interfaces' descriptors and the endpoints' handlers; text from the wire only ever
looks things up in it.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from inspect import isabstract
from typing import Any

import msgspec
from rpcgen.runtime.context import FOREVER, Context
from rpcgen.runtime.core.entry import Entry, version_error
from rpcgen.runtime.core.envelope import CALL, FINGERPRINT_BYTES, Request
from rpcgen.runtime.core.opaque import OpaqueCodecs
from rpcgen.runtime.core.results import refusal
from rpcgen.runtime.core.versions.converters import check_converters
from rpcgen.runtime.core.versions.dates import dotted
from rpcgen.runtime.core.wires.wire import Wire
from rpcgen.runtime.deliveries import Caller, Delivery
from rpcgen.runtime.descriptor import Interface, Method
from rpcgen.runtime.endpoint import AsyncEndpoint, Endpoint, Served
from rpcgen.runtime.errors import (
    ConfigurationError,
    Expired,
    InterfaceClash,
    MethodNotInVersion,
    Rejected,
    UnknownMethod,
    UnknownNamespace,
    VersionRejected,
)


class Dispatcher:
    """The table of all that a server serves."""

    __slots__ = ("_makers", "_older", "_table", "interfaces")

    def __init__(
        self,
        endpoints: Sequence[Served],
        codecs: OpaqueCodecs,
        converters: Sequence[object] = (),
        *,
        debug: bool,
    ) -> None:
        self.interfaces: list[Interface] = []
        self._table: dict[str | None, dict[str, Entry]] = {}
        #: What is not in the table before a message asks for it, so that large interfaces start quickly.
        self._makers: dict[tuple[str | None, str], Callable[[], Entry]] = {}
        #: Methods by the names that only their older forms have.
        self._older: dict[tuple[str | None, str], list[Method[Any, Any]]] = {}
        owners: dict[tuple[str | None, str], Served] = {}
        for endpoint in endpoints:
            interface = interface_of(endpoint)
            self.interfaces.append(interface)
            own = converters_of(interface, converters)
            self._table.setdefault(interface.namespace, {})
            for method in interface.methods:
                for name in {method.name, *(form.name or method.name for form in method.forms)}:
                    _claim(owners, endpoint, name)
                    if name != method.name:
                        self._older.setdefault((interface.namespace, name), []).append(method)
                make = _maker(endpoint, method, codecs, own, debug=debug)
                self._makers[interface.namespace, method.name] = make
        check_all_used(converters, self.interfaces)

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
        if (
            entry is not None
            and request.major == entry.major
            and entry.settled <= request.minor <= entry.minor
            and request.how in entry.hows
        ):
            return entry
        if entry is None and self._made(request.namespace, request.method) is not None:
            return self.entry(request)
        return self._other_version(request, entry)

    def _made(self, namespace: str | None, name: str) -> Entry | None:
        """The entry of a method, which is made if it was not used before; None if there is no such method."""
        methods = self._table[namespace]
        make = self._makers.get((namespace, name))
        if make is not None:
            methods[name] = make()
            del self._makers[namespace, name]
        return methods.get(name)

    def _other_version(self, request: Request, entry: Entry | None) -> Entry:
        """The entry of a message of another version than the newest; raises Rejected."""
        namespace = request.namespace
        older = self._older.get((namespace, request.method), ())
        others = [self._made(namespace, method.name) for method in older]
        candidates = [each for each in (entry, *others) if each is not None]
        if not candidates:
            raise self._unknown(request)
        refusals: list[Rejected] = []
        for candidate in candidates:
            error = candidate.refusal(request)
            if error is None:
                return candidate
            refusals.append(error)
        raise next((e for e in refusals if not isinstance(e, MethodNotInVersion)), refusals[0])

    def _unknown(self, request: Request) -> Rejected:
        error: VersionRejected | None = None
        for interface in self.interfaces:
            if interface.namespace == request.namespace:
                error = version_error(interface, request)
                if error is None:
                    return UnknownMethod(
                        f"{interface.name} {dotted(interface.version)} has no method {_shown(request.method)}"
                    )
        return error or UnknownMethod(f"no method {_shown(request.method)}")


class Job(msgspec.Struct, eq=False):
    """One request on a server, from the gate to the reply.

    Attributes:
        delivery: its caller, if the transport holds the request until it hears what became of it.
        source: what the request came by, and that its answer leaves by.
        arrived: when it came (monotonic seconds).
        expires: after when it is too late to begin it, or None.
        line: what it has in common with requests that are handled one after the other; None: it waits for no other.
        read: its arguments, if they had to be looked at before it runs.
        started: whether its handler may have begun; what is refused before is refused with proof.
        task: whatever the shell needs to cancel it.
    """

    entry: Entry
    request: Request
    caller: Caller
    delivery: Delivery | None
    source: Any
    wire: Wire
    arrived: float
    context: Context
    beat_at: float | None
    expires: float | None = None
    line: Hashable = None
    read: msgspec.Struct | None = None
    started: bool = False
    task: Any = None

    @property
    def kept(self) -> bool:
        """Whether it is to be run at least once."""
        return self.delivery is not None and self.delivery.kept

    @property
    def wants_reply(self) -> bool:
        """Whether somebody waits."""
        return self.request.how == CALL

    @property
    def may_move(self) -> bool:
        """Whether its caller sends it to another server, if this one refuses it because it is stopping."""
        return self.wants_reply and self.wire.moves

    @property
    def awaited(self) -> bool:
        """Whether somebody still waits: it is a call, and its caller has neither given up nor run out of time."""
        return self.request.how == CALL and not self.context.cancelled

    def overdue(self, now: float) -> bool:
        """Whether nobody waits for it any more."""
        deadline = self.context.deadline
        return deadline is not None and now >= deadline

    def find_line(self) -> None:
        """Of a method with an order: look which others it has to wait for; raises Rejected if its arguments do not fit."""
        order = self.entry.method.order
        assert order is not None
        self.read = self.entry.arguments(self.request, self.wire.codec)
        key = order(self.read)
        self.line = None if key is None else (self.entry.interface.name, key)

    def arguments(self, now: float) -> msgspec.Struct:
        """The arguments, if the request may still run.

        Raises:
            Rejected: it expired while it waited, or its arguments do not fit.
        """
        if self.expires is not None and now >= self.expires:
            raise Expired(f"{self.request.method}: its time was over before it could run")
        if self.read is not None:
            return self.read
        return self.entry.arguments(self.request, self.wire.codec)

    def refuse(self, error: Rejected) -> bytes:
        """The frame that refuses it."""
        return self.wire.write_refusal(refusal(self.request.id, error), self.request)

    def reply(self, value: Any) -> bytes:
        """The frame for a result; raises BadResult."""
        return self.entry.reply(self.request, value, self.wire)

    def failure(self, error: BaseException) -> tuple[bytes, bool]:
        """The frame for an exception, and whether the method declares it."""
        reader = self.entry.reader_of(self.request)
        return self.entry.results.failure(self.request, error, self.wire, reader)

    def drifted(self) -> bool:
        """Whether the caller has another build of the very same version (LANGUAGE: fingerprint)."""
        interface = self.entry.interface
        theirs, ours = self.request.fingerprint, interface.fingerprint[:FINGERPRINT_BYTES]
        same = (self.request.major, self.request.reader) == interface.version
        return bool(theirs) and theirs != ours and same


def new_job(
    entry: Entry,
    request: Request,
    caller: Caller,
    delivery: Delivery | None,
    source: Any,
    wire: Wire,
    now: float,
    attempt: int,
) -> Job:
    """A request that passed the gate just now, at its so many-th attempt."""
    beat, remaining = request.beat, request.remaining
    if remaining is not None and remaining < FOREVER:  # NaN, too, means none
        expires = now + remaining if remaining > 0.0 else now
    else:
        expires = None
    if delivery is not None and delivery.deadline is not None:  # its transport knows better
        expires = delivery.deadline if expires is None else min(expires, delivery.deadline)
    # What a cast says is how long it may wait, if its method sets that: once begun, it has all time.
    waits = request.how != CALL and entry.method.ttl is not None
    context = entry.context(request, None if waits else expires, attempt)
    beat_at = now + beat if beat is not None and beat > 0.0 else None
    return Job(entry, request, caller, delivery, source, wire, now, context, beat_at, expires)


def interface_of(endpoint: Served) -> Interface:
    """The descriptor of the interface that an endpoint serves; raises ConfigurationError if it is no endpoint."""
    if not isinstance(endpoint, (Endpoint, AsyncEndpoint)):
        hint = ", an instance of it is" if isinstance(endpoint, type) else ""
        raise ConfigurationError(
            f"{endpoint!r} is no endpoint; expected an instance of a generated endpoint class{hint}"
        )
    if isabstract(type(endpoint)):
        raise AssertionError("unexpected instance of an abstract class")
    return endpoint._interface  # pyright: ignore[reportPrivateUsage] - the generated class's table


def _claim(owners: dict[tuple[str | None, str], Served], endpoint: Served, name: str) -> None:
    interface = interface_of(endpoint)
    owner = owners.setdefault((interface.namespace, name), endpoint)
    if owner is endpoint:
        return
    where = (
        f"namespace {interface.namespace!r}"
        if interface.namespace is not None
        else "the null namespace"
    )
    raise InterfaceClash(
        f"{interface_of(owner).name} and {interface.name} both claim {name!r} in {where}"
    )


def converters_of(interface: Interface, converters: Sequence[object]) -> object:
    """The program's converters for one interface; raises ConfigurationError if it needs some and has none."""
    wanted = interface.server_converters
    if wanted is None:
        return None
    own = next((each for each in converters if isinstance(each, wanted)), None)
    check_converters(own, wanted, interface, "server")
    return own


def check_all_used(converters: Sequence[object], interfaces: Sequence[Interface]) -> None:
    """Raise ConfigurationError for converters that no interface of a server needs."""
    wanted = tuple(each.server_converters for each in interfaces if each.server_converters)
    for given in converters:
        if not isinstance(given, wanted):
            raise ConfigurationError(
                f"{type(given).__name__} converts for no interface of this server"
            )


def _maker(
    endpoint: Served,
    method: Method[Any, Any],
    codecs: OpaqueCodecs,
    converters: object,
    *,
    debug: bool,
) -> Callable[[], Entry]:
    return lambda: Entry(endpoint, method, codecs, converters, debug=debug)


def _shown(name: str | None) -> str:
    """Text from the wire, safe in a message: bounded and escaped."""
    return "null" if name is None else ascii(name[:64])
