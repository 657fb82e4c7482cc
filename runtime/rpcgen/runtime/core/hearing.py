"""What a program decides about events that arrive: `Serving`, whose requests are events and whose endpoints are subscribers.

Events are read tolerantly (LANGUAGE V3): of a newer minor as well as of an older one, of every major that the interface
serves. One that nobody here hears is refused as a cast is: its transport gives it to another member of the group, if it
keeps it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rpcgen.runtime.context import EventContext
from rpcgen.runtime.core.codec import JSON, MSGPACK, Codec, Undecodable
from rpcgen.runtime.core.dates import dotted, last_minor
from rpcgen.runtime.core.dispatch import Dispatcher
from rpcgen.runtime.core.entry import Entry
from rpcgen.runtime.core.envelope import Event as Frame
from rpcgen.runtime.core.envelope import Request
from rpcgen.runtime.core.job import Job
from rpcgen.runtime.core.occurrence import Carried, as_method
from rpcgen.runtime.core.opaque import OpaqueCodecs
from rpcgen.runtime.core.reading import LIGHT
from rpcgen.runtime.core.serving import Serving
from rpcgen.runtime.core.versions.answers import VersionedReader
from rpcgen.runtime.core.wires.native import NativeWire
from rpcgen.runtime.core.wires.wire import Wire
from rpcgen.runtime.deliveries import Caller, Delivery
from rpcgen.runtime.descriptor import Event, Interface, Version
from rpcgen.runtime.endpoint import AnySubscriber, AsyncSubscriber, Served, Subscriber
from rpcgen.runtime.errors import (
    BadResult,
    ConfigurationError,
    InterfaceClash,
    Malformed,
    Rejected,
    UnknownMethod,
    UnsupportedMajor,
)


class EventWire(NativeWire):
    """The native wire where events come (PROTOCOL.md 3.8), in one codec; no answer leaves."""

    def of(self, frame: bytes) -> Wire:
        """The first byte tells the encoding (PROTOCOL.md 1.1)."""
        return EVENTS_JSON if frame.startswith(JSON.mark) else EVENTS

    def read_request(self, frame: bytes) -> Frame:
        """PROTOCOL.md 3.8."""
        if len(frame) > LIGHT:
            self.weigh_context(frame)
        event = self.codec.to_subscriber(frame)
        if event.context:
            self.check_context(event, frame)
        return event


EVENTS = EventWire(MSGPACK)
EVENTS_JSON = EventWire(JSON)


class EventEntry(Entry):
    """One event, and the method of a subscriber that hears it."""

    __slots__ = ("_event", "_readers")

    def __init__(self, subscriber: Served, event: Event[Any], codecs: OpaqueCodecs) -> None:
        super().__init__(subscriber, as_method(event), codecs, None, debug=False)
        self._event = event
        self._readers: dict[Version, VersionedReader] = {}

    def refusal(self, request: Request) -> Rejected | None:
        """Only a major that is not known cannot be read."""
        interface = self.interface
        if last_minor(interface, request.major) is not None:
            return None
        known = " and ".join(dotted(each) for each in (*interface.serves, interface.version))
        return UnsupportedMajor(
            f"this subscriber knows {interface.name} {known}, the event is of {request.major}.{request.minor}"
        )

    def arguments(self, request: Request, codec: Codec) -> Carried:
        """Read the payload into the newest shape.

        Raises:
            Rejected: it does not fit, and where.
        """
        try:
            return Carried(self._reader_for(request).read(request.body, codec))
        except (Undecodable, BadResult) as error:
            raise Malformed(f"{self._event.name}: {error}") from error

    def _reader_for(self, request: Request) -> VersionedReader:
        # What is newer than we are was written for readers who pass over what they do not know.
        last = last_minor(self.interface, request.major) or 0
        at = request.major, min(request.minor, last)
        reader = self._readers.get(at)
        if reader is None:
            reader = VersionedReader(self._event.payload, self.interface, at, self._codecs, None)
            self._readers[at] = reader
        return reader

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
        """As of a request; its handler hears who published it, too."""
        assert isinstance(request, Frame)
        job = super().job(request, caller, delivery, source, wire, now, attempt)
        job.context = EventContext(
            request.request_id or "",
            job.context.fields,
            job.context.deadline,
            request.trace,
            request.namespace,
            request.method,
            job.context.needs,
            request.reader,
            attempt,
            request.id,
            priority=request.priority,
            source=request.source,
            published=request.published,
        )
        return job


class EventTable(Dispatcher):
    """The table of all events that a program hears."""

    __slots__ = ()

    def __init__(self, subscribers: Sequence[Served], codecs: OpaqueCodecs) -> None:
        super().__init__((), codecs, debug=False)
        for subscriber in subscribers:
            interface = subscriber_interface(subscriber)
            self.interfaces.append(interface)
            table = self._table.setdefault(interface.namespace, {})
            for event in heard_by(subscriber):
                if event.name in table:
                    raise InterfaceClash(f"two subscribers hear {interface.name} {event.name!r}")
                table[event.name] = EventEntry(subscriber, event, codecs)

    def entry(self, request: Request) -> Entry:
        """Who hears an event; raises Rejected."""
        entry = self._table.get(request.namespace, {}).get(request.method)
        if entry is None:
            namespace = "" if request.namespace is None else f"{request.namespace[:64]!a} "
            raise UnknownMethod(f"nobody here hears {namespace}{request.method[:64]!a}")
        refusal = entry.refusal(request)
        if refusal is not None:
            raise refusal
        return entry


class Hearing(Serving):
    """One program's decisions about events."""

    noun = "event"

    def _table(self, endpoints: Sequence[Served]) -> Dispatcher:
        return EventTable(endpoints, OpaqueCodecs(self.settings.codecs))


def subscriber_interface(subscriber: Served) -> Interface:
    """The interface whose events a subscriber hears; raises ConfigurationError if it is none."""
    if not isinstance(subscriber, (Subscriber, AsyncSubscriber)):
        hint = ", an instance of it is" if isinstance(subscriber, type) else ""
        raise ConfigurationError(
            f"{subscriber!r} is no subscriber; expected an instance of a generated subscriber class{hint}"
        )
    return subscriber._interface  # pyright: ignore[reportPrivateUsage] - the generated class's table


def heard_by(subscriber: Served) -> list[Event[Any]]:
    """The events whose methods a subscriber defines; raises ConfigurationError if there are none."""
    interface, own = subscriber_interface(subscriber), type(subscriber)
    generated = next(cls for cls in own.__mro__ if "_interface" in vars(cls))
    found = [
        event
        for event in interface.events
        if getattr(own, event.attribute) is not getattr(generated, event.attribute)
    ]
    if not found:
        names = ", ".join(event.attribute for event in interface.events)
        raise ConfigurationError(f"{own.__name__} hears nothing: define one of {names}")
    return found


__all__ = ["EVENTS", "AnySubscriber", "Hearing", "heard_by", "subscriber_interface"]
