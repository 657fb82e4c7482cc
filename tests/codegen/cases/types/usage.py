from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any, assert_type
from uuid import UUID

from case_types import (
    Colour,
    Defaults,
    Explicit,
    Photo,
    Place,
    Point,
    Scalars,
    Shade,
    Shape,
    TypesClient,
)
from msgspec import UNSET, UnsetType


class Camera:
    @property
    def host(self) -> str | None:
        return "h"

    @property
    def tags(self) -> list[str]:
        return []


def use(client: TypesClient, scalars: Scalars) -> None:
    assert_type(scalars.a_uuid, UUID)
    assert_type(scalars.a_datetime, dt.datetime)
    assert_type(scalars.a_duration, dt.timedelta)
    assert_type(scalars.a_decimal, Decimal)
    assert_type(scalars.an_any, Any)
    assert_type(scalars.by_number, dict[int, list[str]])
    assert_type(scalars.nested, dict[str, list[Point | None]])
    assert_type(scalars.shade, Shade)
    assert_type(scalars.shape.point, Point | None)
    found = client.defaults(colour=Colour.RED, maybe=None, names=None, pair=[3])
    assert_type(found, Defaults)
    assert_type(found.maybe, int)
    assert_type(found.maybe_list, list[str])
    assert_type(client.sizes(), dict[str, list[int]] | None)
    explicit = client.explicit(given=Explicit(a_string="x", a_list=None))
    assert explicit is not None
    assert_type(explicit.a_list, list[int] | UnsetType | None)
    if explicit.a_string is not UNSET:
        assert_type(explicit.a_string, str)
    place: Place = Camera()
    photo: Photo = object()
    client.store(photo=photo, more=[photo], place=place)
    Shape(radius=1.5)
    Shape(line=1)  # wrong
    client.store(photo=photo, more=[], place=3)  # wrong
    client.defaults(colour="red")  # wrong
