"""Opaque objects without a codec: what a program gets, on every version of Python."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

import msgspec
import pytest
from rpcgen.runtime.core.opaque import OpaqueCodecs
from rpcgen.runtime.descriptor import Opaque


@runtime_checkable
class Instance(Protocol):
    """As it is generated."""

    @property
    def host(self) -> str | None: ...


class Report(msgspec.Struct):
    """Has one, and some."""

    first: Instance
    rest: list[Instance] = []


def test_an_object_without_a_codec_is_what_it_stands_for() -> None:
    """Its attributes are those of its data; protocols do not see that since Python 3.12."""
    plain = {"name": "Instance", "version": "1.0", "data": {"host": "h1"}}
    read = msgspec.convert(
        {"first": plain, "rest": [plain, plain]}, Report, dec_hook=OpaqueCodecs().decode
    )
    assert isinstance(read.first, Opaque)
    assert isinstance(read.first, Instance)
    assert [each.host for each in (read.first, *read.rest)] == ["h1"] * 3


def test_an_object_of_another_name_is_refused() -> None:
    """Whatever attributes it has."""
    plain = {"name": "Migration", "version": "1.0", "data": {"host": "h1"}}
    with pytest.raises(msgspec.ValidationError, match="it is a 'Migration', expected Instance"):
        msgspec.convert({"first": plain}, Report, dec_hook=OpaqueCodecs().decode)
