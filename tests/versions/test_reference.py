"""The oracle says what the language says: cases worked out by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from rpcgen.idl.version import Version

from tests.versions.cases import (
    BOX,
    BOX_NOW,
    CAST,
    COMPUTE,
    CONVERTERS,
    GATE,
    READ,
    REPORT,
    TOLD,
    WRITTEN,
    at,
    sent,
)
from tests.versions.reference import (
    Message,
    Reason,
    Refusal,
    accepts,
    can_be_sent,
    read,
    read_result,
    shape_version,
    write,
    write_result,
)
from tests.versions.reference.reading import UnreadableError


@pytest.mark.parametrize(
    ("pin", "shape"),
    [
        (None, "6.5"),
        ("6.5", "6.5"),
        ("6.1", "6.1"),
        ("6", "6.0"),
        ("6.99", "6.5"),
        ("5.13", "5.13"),
        ("5.14", "5.13"),
        ("5.2", "5.2"),
        ("7.0", None),
        ("4.9", None),
    ],
)
def test_shape_version(pin: str | None, shape: str | None) -> None:
    """The lower of the pin and the last minor of its major; none of a major that is not served."""
    assert shape_version(COMPUTE, at(pin)) == at(shape)


@pytest.mark.parametrize(("method", "pin", "args", "expected"), WRITTEN)
def test_messages(method: str, pin: str | None, args: dict[str, Any], expected: Any) -> None:
    """What a client writes, and the version that it names."""
    assert sent(method, pin, args) == expected


@pytest.mark.parametrize(("method", "pin", "args", "expected"), CAST)
def test_casts(method: str, pin: str | None, args: dict[str, Any], expected: Any) -> None:
    """The same of casts."""
    assert sent(method, pin, args, "cast") == expected


def test_dated_routes_count() -> None:
    """A newer route needs its version, and is refused below it."""
    newer = write(COMPUTE, "capabilities", {}, None, "cast", to="any")
    older = write(COMPUTE, "capabilities", {}, None, "cast")
    assert isinstance(newer, Message)
    assert isinstance(older, Message)
    assert (newer.version, older.version) == (Version(6, 4), Version(6, 0))
    refused = write(COMPUTE, "capabilities", {}, Version(6, 3), "cast", to="any")
    assert refused == Refusal("capabilities", (Reason(None, Version(6, 4)),), Version(6, 3))


@pytest.mark.parametrize(
    ("method", "pin", "topic"),
    [
        ("pre_live", None, "compute-alt"),
        ("pre_live", "6.3", "compute"),
        ("get_console_output", None, "compute-new"),
        ("get_console_output", "6.4", "compute"),
        ("get_console_output", "5.1", "compute"),
    ],
)
def test_topics(method: str, pin: str | None, topic: str) -> None:
    """Topics look at the shape version, and not at what the message needs."""
    written = write(COMPUTE, method, {"instance": BOX}, at(pin), "call")
    assert isinstance(written, Message)
    assert written.topic == topic


@pytest.mark.parametrize(("arriving", "kinds"), GATE)
def test_gate(arriving: Message, kinds: set[str]) -> None:
    """What a server takes, and how it says no."""
    assert accepts(COMPUTE, arriving) == kinds


@pytest.mark.parametrize(("arriving", "arguments"), READ)
def test_handlers(arriving: Message, arguments: dict[str, Any]) -> None:
    """Handlers get the newest shape, whatever came."""
    assert accepts(COMPUTE, arriving) == set()
    assert read(COMPUTE, arriving, CONVERTERS) == arguments


@pytest.mark.parametrize(("reader", "told"), TOLD)
def test_results(reader: str, told: dict[str, Any]) -> None:
    """The reader is told what it knows."""
    version = at(reader)
    assert version is not None
    assert write_result(COMPUTE, "report", REPORT, *version) == told


def test_older_returns() -> None:
    """An older form of a result goes through the converter, both ways."""
    assert write_result(COMPUTE, "size", 3, 6, 2, CONVERTERS) == "3"
    assert write_result(COMPUTE, "size", 3, 6, 3, CONVERTERS) == 3
    assert read_result(COMPUTE, "size", "3", Version(6, 2), CONVERTERS) == 3


def test_results_of_older_servers() -> None:
    """A caller reads results of older servers: what they do not say is None or the default, under the newest names."""
    told = {"state": "idle", "power": "unheard", "title": "n", "more": 1, "old": 3}
    expected = {"state": "idle", "power": "unheard", "name": "n", "load": None}
    assert read_result(COMPUTE, "report", told, Version(6, 1)) == expected
    with pytest.raises(UnreadableError):
        read_result(COMPUTE, "report", {**told, "state": "unheard"}, Version(6, 1))


def test_questions() -> None:
    """Asking first gives the pin's answer."""
    asked = [
        ("rebuild", "target_state", "6.2", True),
        ("rebuild", "target_state", "6.1", False),
        ("rebuild", None, "5.0", True),
        ("attach", None, "6.1", False),
        ("old_method", None, None, False),
        ("old_method", None, "5.1", True),
        ("rebuild", None, "8.0", False),
    ]
    assert [can_be_sent(COMPUTE, m, a, at(p)) for m, a, p, _ in asked] == [e for *_, e in asked]


def test_send_always() -> None:
    """`send: always` sends all that may be sent."""
    always = replace(COMPUTE, send="always")
    written = write(always, "rebuild", {"instance": BOX}, Version(6, 1), "call")
    assert isinstance(written, Message)
    box = {**BOX_NOW}
    assert written.args == {"instance": box, "accel_uuids": None, "reimage": False}
    assert written.version == Version(6, 1)
