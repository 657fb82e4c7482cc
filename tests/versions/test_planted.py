"""The cases notice a wrong rule: each of these mistakes, planted into the oracle, fails some of them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from rpcgen.idl.version import Version

from tests.versions.cases import (
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
    accepts,
    dates,
    gate,
    read,
    shapes,
    valid,
    write_result,
    writing,
)


def wrong_cases() -> int:
    """How many cases the oracle gets wrong."""
    checks = [partial(_is, sent, expected, *case) for *case, expected in WRITTEN]
    checks += [partial(_is, sent, expected, *case, "cast") for *case, expected in CAST]
    checks += [partial(_is, accepts, kinds, COMPUTE, arriving) for arriving, kinds in GATE]
    checks += [partial(_is, read, got, COMPUTE, arriving, CONVERTERS) for arriving, got in READ]
    checks += [partial(_is, _told, told, reader) for reader, told in TOLD]
    return sum(not check() for check in checks)


def _told(reader: str) -> Any:
    version = at(reader)
    assert version is not None
    return write_result(COMPUTE, "report", REPORT, *version)


def _is(rule: Callable[..., Any], expected: Any, *arguments: Any) -> bool:
    try:
        return bool(rule(*arguments) == expected)
    except (AssertionError, KeyError, TypeError, AttributeError, ValueError):
        return False


def _unset_is_falsy(value: Any, default: Any) -> bool:
    return not value or (default is not None and value == default.value)


def _unset_is_none(value: Any, default: Any) -> bool:
    return value is None


def _begun_by_number(since: Any, at: Version) -> bool:
    return all(at >= bound for bound in since)


def _ended_never(until: Any, at: Version) -> bool:
    return False


def _pending_from_the_oldest(history: Any, at: Version) -> Any:
    return sorted(((v, was) for v, was in history.items()), key=lambda change: change[0])


def _pending_nothing(history: Any, at: Version) -> Any:
    return []


def _needed_last(since: Any, at: Version) -> Version | None:
    return max(since, default=None)


def _nothing_later(part: Any, whole: Any, interface: Any) -> bool:
    return False


def _everything_later(part: Any, whole: Any, interface: Any) -> bool:
    return True


def _text_order(since: Any, at: Version) -> bool:
    return all(str(at) >= str(bound) for bound in since)


PLANTS: list[tuple[Any, str, Any]] = [
    (writing, "is_unset", _unset_is_falsy),
    (writing, "is_unset", _unset_is_none),
    (dates, "begun", _begun_by_number),
    (dates, "begun", _text_order),
    (dates, "ended", _ended_never),
    (writing, "gone", _ended_never),
    (writing, "needed", _needed_last),
    (writing, "starts_later", _nothing_later),
    (writing, "starts_later", _everything_later),
    (shapes, "pending", _pending_from_the_oldest),
    (shapes, "pending", _pending_nothing),
    (writing, "pending", _pending_nothing),
    (writing, "shape_version", lambda interface, pin: pin or interface.version),
    (writing, "shape_version", lambda interface, pin: interface.version),
    (writing, "_needs", lambda interface, message, route: message.version),
    (writing, "_needs", lambda interface, message, route: Version(message.version.major, 0)),
    (gate, "spoken", lambda interface: {interface.version.major: interface.version}),
    (gate, "find", lambda interface, name, at: interface.methods.get(name)),
    (gate, "exists", lambda dated, at: True),
    (valid, "breaks", lambda value, limits: False),
    (valid, "is_open", lambda definition, at: definition.open),
    (writing, "is_open", lambda definition, at: definition.open),
]


def test_nothing_is_wrong() -> None:
    """Without a plant every case is right."""
    assert wrong_cases() == 0


@pytest.mark.parametrize(("module", "name", "mistake"), PLANTS)
def test_mistakes_are_noticed(
    monkeypatch: pytest.MonkeyPatch, module: Any, name: str, mistake: Any
) -> None:
    """A wrong rule fails at least one case."""
    monkeypatch.setattr(module, name, mistake)
    assert wrong_cases() > 0
