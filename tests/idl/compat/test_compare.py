"""Comparing holds together: a file is its own equal, and what it says of a release is that release."""

from __future__ import annotations

from pathlib import Path

import pytest
from rpcgen.idl import Enum, Scalar, Version
from rpcgen.idl.compat import Verdict, compare, view_at
from rpcgen.idl.compat.methods import LONG, UNSAID
from rpcgen.runtime.core.call import DEFAULT_TIMEOUT
from rpcgen.runtime.core.call import LONG as PROFILE

from tests.idl.compat.cases import case_folders, interface_at, interface_of

ROOT = Path(__file__).parents[3]
EXAMPLES = sorted(ROOT.glob("generated_examples/*/*.yaml"))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_a_file_compared_with_itself_changed_nothing(path: Path) -> None:
    """Nothing is found where nothing changed."""
    interface = interface_at(path)
    assert compare(interface, interface).findings == ()


@pytest.mark.parametrize("folder", case_folders(), ids=lambda folder: folder.name)
def test_an_old_file_compared_with_itself_changed_nothing(folder: Path) -> None:
    """Nothing is found in any case where both files are the same, read twice."""
    old = interface_at(folder / "old.yaml")
    assert compare(old, interface_at(folder / "old.yaml")).findings == ()


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_views_of_released_versions_need_no_major(path: Path) -> None:
    """What an example says of each of its minors can become the next without a date missing.

    A view tells nothing of the versions before it, so that what the example tells of those is another date than none.
    """
    interface = interface_at(path)
    major, last = interface.version
    for minor in range(last + 1):
        view = view_at(interface, Version(major, minor))
        found = [f for f in compare(view, interface).findings if f.rule != "since-changed"]
        assert [each for each in found if each.severity or each.wire == Verdict.MAJOR] == []


def test_a_view_has_no_history() -> None:
    """A view knows names, types and forms of its version only."""
    text = """
types:
  State: {open: {since: "1.3"}, enum: [a, b since 1.2]}
methods:
  fetch:
    call: [any, server since 1.2]
    args: {color: {type: string?, was: {"1.2": kind}, was_type: {"1.3": int}}}
    returns: State
    was: {"1.2": get}
"""
    view = view_at(interface_of(text, "1.4"), Version(1, 1))
    method = view.methods["get"]
    assert [(route.kind, route.to) for route in method.routes] == [("call", "any")]
    assert method.args["kind"].type == Scalar("int")
    assert method.args["kind"].was_type == {}
    state = view.types["State"]
    assert isinstance(state, Enum)
    assert list(state.members) == ["a"]
    assert not state.open


def test_timeouts_are_compared_as_clients_wait() -> None:
    """What a method leaves unsaid, and what `long` is, are the runtime's to say."""
    assert (DEFAULT_TIMEOUT, PROFILE.timeout) == (UNSAID, LONG)
