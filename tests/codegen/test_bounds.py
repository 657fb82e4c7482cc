"""Bounds of generated packages, over the memory driver: both sides keep to all of them, wherever they are said."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Any

import pytest
from rpcgen.runtime import MistypedArgument, RemoteError

from tests.codegen.running import Recorder, load, serving

pytestmark = pytest.mark.usefixtures("packages")

#: Arguments of calls to `case_narrowed`, the first of each method being good.
CALLS: dict[str, list[dict[str, Any]]] = {
    "count": [
        {"count": 5, "few": 1},
        {"count": 4, "few": 1},
        {"count": 101, "few": 1},
        {"count": 5, "few": 0},
        {"count": 5, "few": 11},
    ],
    "pay": [
        {"price": Decimal(3), "least": Decimal(1)},
        {"price": Decimal(2), "least": None},
        {"price": Decimal(3), "least": Decimal("0.5")},
        {"price": Decimal("NaN"), "least": None},
    ],
    "guess": [{"maybe": 1}, {"maybe": 0}, {"maybe": 6}],
    "shout": [
        {"word": "abc!", "case": "ab!"},
        {"word": "abcde!", "case": "a!"},
        {"word": "Abc!", "case": "a!"},
        {"word": "abc", "case": "a!"},
        {"word": "abc!", "case": "b!"},
    ],
    "spell": [
        {"line": "a", "lines": "b\na\n"},
        {"line": "a\n", "lines": "a"},
        {"line": "a", "lines": "b"},
    ],
    "keep": [
        {"words": ["a", "b"]},
        {"words": []},
        {"words": ["a", "a"]},
        {"words": ["a", "b", "c"]},
    ],
    "weigh": [{"mass": 2**64 - 2}, {"mass": -1}, {"mass": 2**64 - 1}],
}
#: Results of its methods, likewise.
RESULTS: dict[str, list[Any]] = {
    "count": [2, 1, 11],
    "pay": [Decimal(1), Decimal("0.5"), Decimal("9.5")],
    "guess": [None, 0, 6],
    "offer": [None, Decimal("0.5"), Decimal(6)],
    "shout": ["abc", "", "abcd", "ABC"],
    "spell": ["a$", "a$\n"],
    "weigh": [2**63, 2**63 - 1],
}


@pytest.mark.parametrize("method", CALLS)
def test_narrower_bounds_do_not_replace_those_of_an_alias(method: str) -> None:
    """An argument keeps to the bounds of its alias and to its own, those of one kind included."""
    package = load("case_narrowed")
    good, *bad = CALLS[method]
    returned = RESULTS.get(method, [None])[0]
    with serving(package, "Narrowed", Recorder(**{method: returned})) as client:
        assert getattr(client, method)(**good) == returned
        for given in bad:
            with pytest.raises(MistypedArgument):
                getattr(client, method)(**given)


@pytest.mark.parametrize("method", RESULTS)
def test_results_keep_to_the_bounds_of_their_alias_and_their_own(method: str) -> None:
    """Also where the alias may be null."""
    package = load("case_narrowed")
    good, *bad = RESULTS[method]
    given = CALLS.get(method, [{}])[0]
    with serving(package, "Narrowed", Recorder(**{method: good})) as client:
        assert getattr(client, method)(**given) == good
    for value in bad:
        with (
            serving(package, "Narrowed", Recorder(**{method: value})) as client,
            pytest.raises(RemoteError, match="bad result"),
        ):
            getattr(client, method)(**given)


def test_mistake_shows_the_pattern_of_the_file() -> None:
    """Not what Python needs to keep to it."""
    package = load("case_narrowed")
    with (
        serving(package, "Narrowed", Recorder()) as client,
        pytest.raises(MistypedArgument, match=r"text that matches \^\[a\$\]\$$"),
    ):
        client.spell(line="a\n", lines="a")


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize(
    ("place", "path"),
    [("sure", "sure"), ("least", "least"), ("most", "most"), ("notes", "notes.deep[1]")],
)
def test_json_does_not_turn_numbers_into_null(number: float, place: str, path: str) -> None:
    """NaN and the infinities, of which it knows nothing, are refused wherever null could be read in their place."""
    package = load("case_narrowed")
    value = {"deep": [1, number]} if place == "notes" else number
    with (
        serving(package, "Narrowed", Recorder(measure=[]), options="?codec=json") as client,
        pytest.raises(MistypedArgument) as caught,
    ):
        client.measure(**{"sure": 1.0, place: value})
    assert caught.value.path == path
    assert str(caught.value).startswith("measure: argument")


def test_json_carries_floats_beside_null() -> None:
    """What is null, and what is finite, arrives as it is."""
    package = load("case_narrowed")
    recorder = Recorder(measure=[None, 1.5])
    with serving(package, "Narrowed", recorder, options="?codec=json") as client:
        assert client.measure(sure=1e308, notes=[None, 2.5, 2**64]) == [None, 1.5]
    given = {"sure": 1e308, "least": None, "most": 1.0, "notes": [None, 2.5, 2**64]}
    assert recorder.seen == [("measure", given)]


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_results_in_json_are_finite(number: float) -> None:
    """A result that JSON would turn into null is a bad one."""
    package = load("case_narrowed")
    recorder = Recorder(measure=[1.0, number])
    with (
        serving(package, "Narrowed", recorder, options="?codec=json") as client,
        pytest.raises(RemoteError, match=r"bad result: result field '\[1\]'.*finite"),
    ):
        client.measure(sure=1.0)
