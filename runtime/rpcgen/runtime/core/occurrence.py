"""An event as a method that is cast to its subscribers: what both sides share with calls follows from that."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec import Struct
from rpcgen.runtime.descriptor import Event, Method, Route


class Carried(Struct, frozen=True):
    """The arguments of such a method."""

    payload: Any


def as_method(event: Event[Any]) -> Method[Carried, None]:
    """The method: it returns nothing, and everything that an interface promises of an event is promised of it."""
    return Method(
        name=event.name,
        attribute=event.attribute,
        args=Carried,
        returns=None,
        routes=(Route("cast", "any"),),
        kept=event.kept,
        ttl=event.ttl,
        order=None if event.order is None else _carried(event.order),
        since=event.since,
        until=event.until,
        interface=event.interface,
    )


def _carried(order: Callable[[Any], object]) -> Callable[[Carried], object]:
    return lambda arguments: order(arguments.payload)
