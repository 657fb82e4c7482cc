"""Reading plain values of older versions into today's shape: strictly for requests, tolerantly for results."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec import inspect
from rpcgen.runtime import (
    ArgumentNotInVersion,
    BadResult,
    MissingArgument,
    MistypedArgument,
)
from rpcgen.runtime.core.codec import MSGPACK
from rpcgen.runtime.core.opaque import OpaqueCodecs
from rpcgen.runtime.core.versions.kit import Kit
from rpcgen.runtime.core.versions.lift import Lifting
from rpcgen.runtime.core.versions.visiting import Found
from rpcgen.runtime.dated import Gone, OlderType, Part

from tests.runtime.core.versions import sample

KIT = Kit(MSGPACK, OpaqueCodecs(), None)


def lifted(
    value: Any, at: tuple[int, int], of: Any = sample.Args, *, strict: bool = True, **tables: Any
) -> Any:
    """The value in today's shape."""
    lifting = Lifting(sample.interface(**tables), at, KIT, strict=strict)
    visit = lifting.visit(inspect.type_info(of))
    assert visit is not None
    return visit(value, Found(), ())


CASES: dict[str, tuple[tuple[int, int], dict[str, Any], dict[str, Any]]] = {
    "older name": (
        (1, 0),
        {"node": {"name": "a", "title": "l"}},
        {"node": {"name": "a", "label": "l", "size": 5}},
    ),
    "gone field": (
        (1, 0),
        {"node": {"name": "a", "shard": 3}},
        {"node": {"name": "a", "size": 5}},
    ),
    "nested": (
        (1, 0),
        {"node": {"name": "a", "children": [{"name": "b", "title": "c", "shard": 1}]}},
        {"node": {"name": "a", "size": 5, "children": [{"name": "b", "label": "c", "size": 5}]}},
    ),
    "older type": ((2, 2), {"node": {"name": "a", "size": 3}}, {"node": {"name": "a", "size": 3}}),
    "ended value": (
        (1, 0),
        {"node": {"name": "a", "mode": "ended"}},
        {"node": {"name": "a", "mode": "ended", "size": 5}},
    ),
    "unknown member of what is open": ((2, 2), {"signal": {"blink": 3}}, {"signal": {"blink": 3}}),
    "mistyped": ((1, 0), {"node": []}, {"node": []}),
}


@pytest.mark.parametrize("case", CASES)
def test_older_requests_become_todays(case: str) -> None:
    """Renamed, dropped, checked; what is mistyped is left to the typed reader."""
    at, value, today = CASES[case]
    assert lifted(value, at) == today


REFUSED: dict[str, tuple[tuple[int, int], dict[str, Any], type[Exception], str]] = {
    "newer argument": ((2, 5), {"extra": "x"}, ArgumentNotInVersion, "extra"),
    "newer argument, null": ((2, 5), {"extra": None}, ArgumentNotInVersion, "extra"),
    "newer field": ((1, 1), {"node": {"name": "a", "tags": []}}, ArgumentNotInVersion, "node.tags"),
    "newer value": (
        (2, 3),
        {"node": {"name": "a", "mode": "new"}},
        ArgumentNotInVersion,
        "node.mode",
    ),
    "ended value": (
        (2, 0),
        {"node": {"name": "a", "mode": "ended"}},
        ArgumentNotInVersion,
        "node.mode",
    ),
    "newer member": ((2, 4), {"signal": {"off": "old"}}, ArgumentNotInVersion, "signal.off"),
    "unknown member of what was closed": (
        (2, 1),
        {"signal": {"blink": 3}},
        ArgumentNotInVersion,
        "signal.blink",
    ),
    "newer name": (
        (1, 0),
        {"node": {"name": "a", "label": "l", "size": 5}},
        ArgumentNotInVersion,
        "node.label",
    ),
    "older type": ((2, 2), {"node": {"name": "a", "size": 3.5}}, MistypedArgument, "node.size"),
    "gone field": ((1, 0), {"node": {"name": "a", "shard": "x"}}, MistypedArgument, "node.shard"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_message_has_to_be_valid_at_the_version_it_names(case: str) -> None:
    """With the path as the sender knows it."""
    at, value, error, path = REFUSED[case]
    with pytest.raises(error) as caught:
        lifted(value, at)
    assert getattr(caught.value, "path", None) == path


def test_what_older_messages_had_to_have_is_missed() -> None:
    """An argument that was required, and a gone one that was."""
    parts = {sample.Node: {"label": Part(types=(OlderType((2, 3), str),))}}
    gone = {sample.Node: (Gone("shard", int, Part(until=((2, 3),))),)}
    with pytest.raises(MissingArgument, match=r"node\.label"):
        lifted({"node": {"name": "a", "shard": 1}}, (2, 2), parts=parts, gone=gone)
    with pytest.raises(MissingArgument, match=r"node\.shard"):
        lifted({"node": {"name": "a", "label": "l", "size": 5}}, (2, 2), parts=parts, gone=gone)


def test_an_older_default_is_filled_in() -> None:
    """Absent and null read as the default of then."""
    parts = {sample.Node: {"label": Part(types=(OlderType((2, 3), str, default="then"),))}}
    for value in ({"name": "a"}, {"name": "a", "label": None}):
        assert lifted(value, (2, 2), sample.Node, parts=parts, gone={})["label"] == "then"


def test_names_may_change_places() -> None:
    """What was called `a` may be `b` today, and the reverse."""
    parts = {
        sample.Args: {
            "extra": Part(names=(((2, 0), "dropped"),)),
            "dropped": Part(names=(((2, 0), "extra"),)),
        }
    }
    value = {"extra": "1", "dropped": "2"}
    assert lifted(value, (1, 0), parts=parts) == {"extra": "2", "dropped": "1"}


def test_results_of_an_older_version_are_read_under_its_names() -> None:
    """Nothing that is unknown or missing hurts, and today's results are not even looked at."""
    value = {"name": "a", "title": "l", "shard": 3, "mode": "new"}
    read = lifted(value, (1, 0), sample.Node, strict=False)
    assert (read["label"], read["mode"]) == ("l", "new")
    today = Lifting(sample.interface(), (2, 6), KIT, strict=False)
    assert today.visit(inspect.type_info(sample.Node)) is None


def test_an_envelope_is_opened_by_its_version() -> None:
    """Minors are read as well as can be, another major is an error that says so."""
    wrapped = {"name": "Stamped", "version": "1.12", "data": {"node": {"name": "a"}, "later": 1}}
    read = lifted(wrapped, (2, 6), sample.Stamped, strict=False)
    assert read == {"node": {"name": "a"}, "later": 1}
    with pytest.raises(BadResult, match=r"Stamped of version '2\.0', this program reads 1\.9"):
        lifted({**wrapped, "version": "2.0"}, (2, 6), sample.Stamped, strict=False)


def test_both_names_are_refused() -> None:
    """One argument under its older and its newer name."""
    with pytest.raises(ArgumentNotInVersion, match="label"):
        lifted({"name": "a", "title": "l", "label": "m"}, (1, 0), sample.Node)
