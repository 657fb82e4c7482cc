"""One method of one endpoint: what it accepts, and how messages of each version become a call of its handler.

Handlers are written once, in the newest shape. Messages of the newest shape are read straight into it; the others go
through an adapter, one per version, which is made when the first such message comes.
"""

from __future__ import annotations

from collections.abc import Callable
from inspect import iscoroutinefunction
from typing import Any

from msgspec import Struct, inspect
from rpcgen.runtime.context import FOREVER, Context
from rpcgen.runtime.core.calling import calling
from rpcgen.runtime.core.codec import Codec, Undecodable
from rpcgen.runtime.core.dates import dotted, exists, in_effect, last_minor, next_after
from rpcgen.runtime.core.envelope import CALL, CAST, FINGERPRINT_BYTES, Request
from rpcgen.runtime.core.job import Job
from rpcgen.runtime.core.opaque import OpaqueCodecs
from rpcgen.runtime.core.reading import Reader
from rpcgen.runtime.core.results import Results
from rpcgen.runtime.core.versions.adapter import Adapter
from rpcgen.runtime.core.versions.converters import overrides
from rpcgen.runtime.core.versions.parts import has_ended_members, last_change
from rpcgen.runtime.core.wires.wire import Wire
from rpcgen.runtime.dated import Form
from rpcgen.runtime.deliveries import Caller, Delivery
from rpcgen.runtime.descriptor import Interface, Kind, Method, Route, Version
from rpcgen.runtime.endpoint import Served
from rpcgen.runtime.errors import (
    Malformed,
    MethodNotInVersion,
    MinorTooNew,
    Rejected,
    UnsupportedMajor,
    VersionRejected,
    WrongKind,
)
from rpcgen.runtime.store import is_marked

_KINDS: dict[int, Kind] = {CALL: "call", CAST: "cast"}


class Entry:
    """One method of one endpoint, ready to be called.

    Attributes:
        major, minor, settled: messages of this major, from minor `settled` to `minor`, are of the newest shape.
        hows: the kinds (CALL, CAST) that those may have.
        call: calls the handler with its context and the struct of its arguments.
        immediate: it is answered by whoever reads the request.
        once: its handler runs in a transaction of the server's store.
    """

    __slots__ = (
        "_accepted",
        "_adapters",
        "_codecs",
        "_converters",
        "_reader",
        "call",
        "fingerprint",
        "hows",
        "immediate",
        "interface",
        "is_async",
        "major",
        "method",
        "minor",
        "once",
        "results",
        "settled",
    )

    def __init__(
        self,
        endpoint: Served,
        method: Method[Any, Any],
        codecs: OpaqueCodecs,
        converters: object,
        *,
        debug: bool,
    ) -> None:
        interface = method.interface
        self.method = method
        self.interface = interface
        self.major, self.minor = interface.version
        self.fingerprint = interface.fingerprint[:FINGERPRINT_BYTES]
        handler: Callable[..., Any] = getattr(endpoint, method.attribute)
        self.once = is_marked(handler)
        self.is_async = endpoint._coroutines  # pyright: ignore[reportPrivateUsage]
        if self.is_async and not iscoroutinefunction(handler):
            handler = _awaiting(handler)
        self.call = calling(handler, method.args)
        self.immediate = endpoint._immediate  # pyright: ignore[reportPrivateUsage]
        self.hows = {
            how
            for how, kind in _KINDS.items()
            if any(_is_open(route, kind, interface.version) for route in method.routes)
        }
        self.settled = _settled(method)
        self._codecs = codecs
        self._converters = converters
        self._reader = Reader(method.args, codecs.decode, strict=True)
        self._accepted: set[tuple[str, int, int, int]] = set()
        self._adapters: dict[tuple[Codec, Version], Adapter] = {}
        self.results = Results(method, codecs, converters, debug=debug)

    # --- the gate -------------------------------------------------------------------------------------------------

    def refusal(self, request: Request) -> Rejected | None:
        """Why a message of another version than the newest cannot be run; None if it can."""
        key = (request.method, request.how, request.major, request.minor)
        if (
            key in self._accepted
        ):  # as many as there are versions, names and kinds that can be served
            return None
        refusal = self._refusal(request)
        if refusal is None:
            self._accepted.add(key)
        return refusal

    def _refusal(self, request: Request) -> Rejected | None:
        error = version_error(self.interface, request)
        if error is not None:
            return error
        method, at = self.method, (request.major, request.minor)
        form = in_effect(method.forms, at)
        named = (form and form.name) or method.name
        if not exists(method.since, method.until, at) or named != request.method:
            return _not_in_version(method, request.method, at)
        kind = _KINDS[request.how]
        routes = (form and form.routes) or method.routes
        offered = [route for route in routes if route.kind == kind]
        if not any(_is_open(route, kind, at) for route in offered):
            if offered:
                needs = next_after(offered[0].since, at)
                return _later(f"{method.name} can be {kind}", needs, at)
            return WrongKind(f"{method.name} cannot be {'called' if kind == 'call' else 'cast'}")
        if form is not None and not self._crosses(form, kind):
            return WrongKind(
                f"{method.name} cannot be {'called' if kind == 'call' else 'cast'} any more"
            )
        return None

    def _crosses(self, form: Form, kind: Kind) -> bool:
        """Whether a kind of an older form can be answered: today's method has it, or a converter makes the answer."""
        if any(route.kind == kind for route in self.method.routes):
            return True
        base = self.interface.server_converters
        return kind == "cast" or overrides(self._converters, base, f"result_{form.convert}")

    def job(
        self,
        request: Request,
        caller: Caller,
        delivery: Delivery | None,
        source: object,
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
        waits = request.how != CALL and self.method.ttl is not None
        context = Context(
            request.request_id or "",
            request.context or {},
            None if waits else expires,
            request.trace,
            request.namespace,
            request.method,
            (request.major, request.minor),
            request.reader,
            attempt,
            request.id,
        )
        beat_at = now + beat if beat is not None and beat > 0.0 else None
        return Job(self, request, caller, delivery, source, wire, now, context, beat_at, expires)

    # --- arguments and answers ------------------------------------------------------------------------------------

    def arguments(self, request: Request, codec: Codec) -> Struct:
        """Read the arguments of a message that passed the gate, into the newest shape.

        Raises:
            Rejected: the kind says what does not fit; the path says where.
        """
        try:
            if request.major == self.major and self.settled <= request.minor:
                arguments: Struct = self._reader.read(request.body, codec)
                return arguments
            return self._adapter(codec, (request.major, request.minor)).read(request.body)
        except Undecodable as error:
            raise Malformed(f"{self.method.name}: {error}") from error

    def _adapter(self, codec: Codec, at: Version) -> Adapter:
        adapter = self._adapters.get((codec, at))
        if adapter is None:
            adapter = Adapter(self.method, at, codec, self._codecs, self._converters)
            self._adapters[codec, at] = adapter
        return adapter

    def reader_of(self, request: Request) -> Version:
        """The version that the caller understands, as far as this server does."""
        last = last_minor(self.interface, request.major) or 0
        return request.major, min(request.reader, last)

    def reply(self, request: Request, value: Any, wire: Wire) -> bytes:
        """The frame for a handler that returned; raises BadResult."""
        return self.results.reply(request, value, wire, self.reader_of(request))


def _awaiting(handler: Callable[..., Any]) -> Callable[..., Any]:
    """A coroutine function, of a function that returns something to await."""

    async def awaiting(context: Any, **arguments: Any) -> Any:
        return await handler(context, **arguments)

    return awaiting


def version_error(interface: Interface, request: Request) -> VersionRejected | None:
    """Why an interface cannot take a message of this version at all; None if it can."""
    last = last_minor(interface, request.major)
    if last is not None and request.minor <= last:
        return None
    served = " and ".join(dotted(each) for each in (*interface.serves, interface.version))
    if last is None:
        return UnsupportedMajor(
            f"{interface.name} is served at {served}, the message needs {request.major}.{request.minor}"
        )
    return MinorTooNew(
        f"{interface.name} is served at {served}, the message needs {request.major}.{request.minor}"
    )


def _settled(method: Method[Any, Any]) -> int:
    """The first minor of the newest major whose messages all have the newest shape; too high if there is none."""
    interface = method.interface
    never = interface.version[1] + 1
    if not exists(method.since, method.until, interface.version):
        return never
    if any(form.until > interface.version for form in method.forms):
        return never
    node = inspect.type_info(method.args)
    if (interface.parts or interface.gone) and has_ended_members(node, interface):
        return never
    bounds = [*method.since, *(form.until for form in method.forms)]
    bounds += [bound for route in method.routes for bound in (*route.since, *route.until)]
    own = [minor for major, minor in bounds if major == interface.version[0]]
    return max([*own, last_change(node, interface)])


def _is_open(route: Route, kind: Kind, at: Version) -> bool:
    return route.kind == kind and exists(route.since, route.until, at)


def _not_in_version(method: Method[Any, Any], name: str, at: Version) -> MethodNotInVersion:
    needs = next_after(method.since, at)
    if needs is not None:
        return _later(name, needs, at)
    names = " and ".join(
        sorted({method.name, *(form.name or method.name for form in method.forms)})
    )
    return MethodNotInVersion(
        f"there is no {name} at {dotted(at)} (it is one of the names {names})"
    )


def _later(what: str, needs: Version | None, at: Version) -> MethodNotInVersion:
    dated = "no longer exists" if needs is None else f"exists since {dotted(needs)}"
    return MethodNotInVersion(f"{what} {dated}, the message names {dotted(at)}")
