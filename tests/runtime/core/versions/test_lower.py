"""Writing plain values for a version: names, types, what is left out, what is refused, and the version that is needed."""

from __future__ import annotations

from typing import Any, cast

import pytest
from msgspec import inspect
from rpcgen.runtime.core.codec import MSGPACK
from rpcgen.runtime.core.opaque import OpaqueCodecs
from rpcgen.runtime.core.versions.kit import Kit
from rpcgen.runtime.core.versions.lower import Lowering
from rpcgen.runtime.core.versions.parts import Unsayable
from rpcgen.runtime.core.versions.visiting import Found
from rpcgen.runtime.dated import Gone, Part

from tests.runtime.core.versions import sample

KIT = Kit(MSGPACK, OpaqueCodecs(), None)


def lowered(value: Any, at: tuple[int, int], of: Any = sample.Args, *, strict: bool = True) -> Any:
    """The value as a version writes it, and the minor that it needs."""
    visit = Lowering(sample.interface(), at, KIT, strict=strict).visit(inspect.type_info(of))
    assert visit is not None
    found = Found()
    return visit(value, found, ()), found.minor


def node(**fields: Any) -> dict[str, Any]:
    """A node of the newest shape."""
    return {"name": "a", "mode": "old", "size": 1, **fields}


CASES: dict[str, tuple[tuple[int, int], dict[str, Any], dict[str, Any], int]] = {
    "nothing": ((2, 6), {}, {}, 0),
    "null": ((2, 6), {"node": None}, {"node": None}, 0),
    "old value": ((2, 6), {"node": node()}, {"node": node()}, 0),
    "newer enum value": ((2, 6), {"node": node(mode="new")}, {"node": node(mode="new")}, 4),
    "a float where an int was": ((2, 6), {"node": node(size=1.5)}, {"node": node(size=1.5)}, 3),
    "a whole float for an int": ((2, 2), {"node": node(size=2.0)}, {"node": node(size=2)}, 0),
    "in a list": (
        (2, 6),
        {"node": node(children=[node(mode="new")])},
        {"node": node(children=[node(mode="new")])},
        4,
    ),
    "in a map": (
        (2, 6),
        {"node": node(by_name={"k": node(size=0.5)})},
        {"node": node(by_name={"k": node(size=0.5)})},
        3,
    ),
    "newer member": ((2, 6), {"signal": {"off": "old"}}, {"signal": {"off": "old"}}, 5),
    "unknown member": ((2, 6), {"signal": {"": {"blink": 3}}}, {"signal": {"blink": 3}}, 2),
    "newer argument": ((2, 6), {"extra": "x"}, {"extra": "x"}, 6),
    "unset newer argument": ((2, 6), {"extra": ""}, {}, 0),
    "unset and too new": ((2, 5), {"extra": ""}, {}, 0),
    "dropped": ((2, 0), {"dropped": "x"}, {}, 0),
    "other major": (
        (1, 3),
        {"node": node(tags=["x"], label="l")},
        {"node": {"name": "a", "mode": "old", "size": 1, "tags": ["x"], "title": "l", "shard": 0}},
        2,
    ),
    "ended value in its major": (
        (1, 0),
        {"node": node(mode="ended")},
        {"node": node(mode="ended", shard=0)},
        0,
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_requests_are_written_for_their_version(case: str) -> None:
    """What travels, and the lowest minor that holds it."""
    at, value, written, minor = CASES[case]
    assert lowered(value, at) == (written, minor)


REFUSED: dict[
    str, tuple[tuple[int, int], dict[str, Any], tuple[Any, ...], tuple[int, int] | None]
] = {
    "newer argument": ((2, 5), {"extra": "x"}, ("extra",), (2, 6)),
    "given at all": ((2, 0), {"strict": 0}, ("strict",), (2, 1)),
    "newer field": ((1, 1), {"node": node(tags=["x"])}, ("node", "tags"), (1, 2)),
    "newer enum value": (
        (2, 3),
        {"node": node(children=[node(mode="new")])},
        ("node", "children", 0, "mode"),
        (2, 4),
    ),
    "ended enum value": ((2, 0), {"node": node(mode="ended")}, ("node", "mode"), None),
    "newer member": ((2, 4), {"signal": {"off": "old"}}, ("signal", "off"), (2, 5)),
    "unknown member of what was closed": (
        (2, 1),
        {"signal": {"": {"blink": 3}}},
        ("signal", "blink"),
        (2, 2),
    ),
    "a value that the older type lacks": (
        (2, 2),
        {"node": node(size=1.5)},
        ("node", "size"),
        (2, 3),
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_a_request_would_lose_is_refused(case: str) -> None:
    """With the path, and the version that would hold it."""
    at, value, path, needs = REFUSED[case]
    with pytest.raises(Unsayable) as caught:
        lowered(value, at)
    assert (caught.value.path, caught.value.needs) == (path, needs)


def test_results_are_written_for_older_readers() -> None:
    """Values become what the fallback says, unknown fields are left out, older names and gone fields come back."""
    value = node(mode="new", tags=["x"], label="l")
    assert lowered(value, (1, 0), sample.Node, strict=False)[0] == {
        "name": "a",
        "mode": "old",
        "size": 1,
        "title": "l",
        "shard": 0,
    }


def test_a_type_with_a_version_of_its_own_travels_in_its_envelope() -> None:
    """Under the keys of the envelope, with its constants."""
    value, _ = lowered({"node": node(), "note": "n"}, (2, 6), sample.Stamped, strict=False)
    assert value == {
        "name": "Stamped",
        "version": "1.9",
        "space": "test",
        "data": {"node": node(), "note": "n"},
    }


def test_younger_arguments_keep_their_policies_where_the_rest_is_converted() -> None:
    """An older form's converter gets all arguments; what is too new for the version is judged before."""
    lowering = Lowering(sample.interface(), (2, 0), KIT, strict=True)
    visit = lowering.younger(cast("inspect.StructType", inspect.type_info(sample.Args)))
    visit({"dropped": "x", "extra": ""}, Found(), ())
    with pytest.raises(Unsayable):
        visit({"extra": "x"}, Found(), ())


def test_the_tables_are_not_changed() -> None:
    """What stands for a gone field is a list of the table's, and visits change lists in place."""
    gone = Gone("modes", list[sample.Mode], Part(until=((2, 6),)), value=["new"], needed=False)
    interface = sample.interface(gone={sample.Node: (gone,)})
    answers: list[Any] = []
    for at in ((2, 5), (2, 3), (2, 5)):
        visit = Lowering(interface, at, KIT, strict=False).visit(inspect.type_info(sample.Node))
        assert visit is not None
        answers.append(visit(node(), Found(), ())["modes"])
    assert answers == [["new"], ["old"], ["new"]]
