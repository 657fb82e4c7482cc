"""Writing events: for which version, where to, and what surrounds them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from msgspec import Raw
from rpcgen.runtime.context import FOREVER, Context
from rpcgen.runtime.core.call import DEFAULT_TIMEOUT, Call, Settings, check_fields
from rpcgen.runtime.core.codec import Undecodable
from rpcgen.runtime.core.dates import exists, next_after
from rpcgen.runtime.core.envelope import CAST, EPOCH, FINGERPRINT_BYTES
from rpcgen.runtime.core.envelope import Event as Frame
from rpcgen.runtime.core.occurrence import Carried, as_method
from rpcgen.runtime.core.pins import Shape
from rpcgen.runtime.core.plan import Plan
from rpcgen.runtime.core.routes import interface_topic
from rpcgen.runtime.core.versions.parts import Unsayable
from rpcgen.runtime.core.versions.results import VersionedWriter
from rpcgen.runtime.descriptor import Event
from rpcgen.runtime.errors import BadArguments
from rpcgen.runtime.target import Target


class EventPlan(Plan):
    """One event of one publisher, for one shape version.

    Attributes:
        event: what is published; `method` is the same as a method.
        target: who hears it.

    Raises:
        VersionPinned: the version does not have the event.
    """

    __slots__ = ("_payloads", "_shape", "event", "target")

    # Nothing of a method's plan is about answers, routes or older forms here.
    def __init__(self, event: Event[Any], settings: Settings, shape: Shape) -> None:
        interface = event.interface
        method = as_method(event)
        if shape.version is None:
            raise shape.refusal(method)
        if not exists(event.since, event.until, shape.version):
            raise shape.refusal(method, needs=next_after(event.since, shape.version))
        self.event = event
        self.method = method
        self.version = shape.version
        self._shape = shape
        self.name = event.name
        self.namespace = interface.namespace
        self.wire = settings.wire
        self.codec = settings.codec
        self.codecs = settings.codecs
        pinned = self.version != interface.version
        self.fingerprint = b"" if pinned else interface.fingerprint[:FINGERPRINT_BYTES]
        self.timeout = DEFAULT_TIMEOUT if settings.timeout is None else settings.timeout
        self.silence = self.beat = None
        topic = settings.topic or interface_topic(interface, self.version)
        self.target = Target(settings.exchange or interface.exchange, topic, event=event.name)
        self._payloads = VersionedWriter(event.payload, interface, settings.codecs, None)

    def write_payload(self, payload: Any) -> Raw:
        """The payload as the version has it.

        Raises:
            BadArguments: with the path of what does not fit.
            VersionPinned: with the path of what this version has no place for.
        """
        try:
            return Raw(self._payloads.write(payload, self.codec, self.version))
        except BadArguments as error:
            text = str(error).replace("argument", "field", 1)
            raise type(error)(f"{self.name}: {text}", path=error.path) from error
        except Unsayable as error:
            raise self._shape.refusal(self.method, error.path, error.needs) from None
        except Undecodable as error:
            raise BadArguments(f"{self.name}: {error}") from error
        except (TypeError, ValueError, AttributeError) as error:  # what no codec can write
            raise BadArguments(f"{self.name}: the payload cannot travel: {error}") from error


class Publication(Call):
    """One event on its way.

    Attributes:
        source: who publishes it.
        published: when.
        must_arrive: its publisher wants to know if nobody subscribes.
    """

    source: str = ""
    published: datetime = EPOCH
    must_arrive: bool = False

    @property
    def required(self) -> bool:
        """See `Outgoing`."""
        return self.must_arrive

    @property
    def expires(self) -> float | None:
        """When it is too late to begin it: who subscribes decides for how long it waits, unless the interface does."""
        return self.worthless

    def frame(self, now: float) -> bytes:
        """The message as it leaves now (PROTOCOL.md 3.8)."""
        plan, expires = self.plan, self.expires
        assert isinstance(plan, EventPlan)
        if self.fields:
            check_fields(self.fields, plan.codec)
        return plan.codec.encode(
            Frame(
                self.id,
                CAST,
                plan.namespace,
                plan.name,
                plan.version[0],
                plan.version[1],
                plan.version[1],
                None if expires is None else expires - now,
                self.body,
                attempt=self.attempt,
                fingerprint=plan.fingerprint,
                request_id=self.request_id,
                trace=self.trace,
                context=dict(self.fields) if self.fields else None,
                source=self.source,
                priority=plan.event.priority,
                published=self.published,
            )
        )


def new_publication(
    plan: EventPlan,
    payload: Any,
    *,
    source: str,
    required: bool,
    timeout: float | None,
    fields: Mapping[str, Any],
    ambient: Context | None,
    now: float,
    date: datetime,
) -> Publication:
    """Write an event; raises what keeps it from being written."""
    body = plan.write_payload(payload)
    patience = plan.timeout if timeout is None else timeout
    ttl = plan.event.ttl
    publication = Publication(
        plan,
        plan.target,
        "cast",
        False,
        Carried(payload),
        body,
        plan.version[1],
        now + patience if patience < FOREVER else None,
        fields,
        now,
        worthless=None if ttl is None else now + ttl,
        kept=plan.event.kept,
        source=source,
        published=date,
        must_arrive=required,
    )
    if ambient is not None:
        publication.inherit(ambient)
    return publication
