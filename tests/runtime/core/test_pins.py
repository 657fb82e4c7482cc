"""What a pin means, how refusals read, and which version the running servers have in common."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from rpcgen.runtime import ConfigurationError, DeclaredError, ErrorType, VersionPinned
from rpcgen.runtime.core.fleet import AUTO_REFRESH, LEAST_PAUSE, Fleet
from rpcgen.runtime.core.pins import Pin, Shape, Shapes, Speaks, resolve, shape_version
from rpcgen.runtime.core.polling import spoken
from rpcgen.runtime.core.questions import method_named, understands
from rpcgen.runtime.rpcgen_meta.types import Spoken

from tests.runtime.core.versions import sample

INTERFACE = sample.interface()

PINS: list[tuple[Pin, Any]] = [
    (None, None),
    ("", None),
    ("2.5", (2, 5)),
    ("2", (2, 0)),
    ((2, 5), (2, 5)),
    ("first", (1, 0)),
    ("auto", "auto"),
    (lambda: "second", (2, 1)),
    (lambda: None, None),
    ("env:TEST_PAST_PIN", (1, 2)),
    ("env:TEST_PAST_NOTHING", None),
]


@pytest.mark.parametrize(("pin", "meant"), PINS)
def test_a_pin_is_a_number_a_name_a_function_or_a_variable(
    pin: Pin, meant: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And `auto` stays what it is."""
    monkeypatch.setenv("TEST_PAST_PIN", "1.2")
    assert resolve(pin, INTERFACE) == meant


WRONG: list[Any] = [
    "third",
    "2.x",
    "2.",
    "-1.0",
    (2,),
    (2, "5"),
    2.5,
    lambda: "third",
    "env:TEST_PAST_PIN",
]


@pytest.mark.parametrize("pin", WRONG)
def test_an_unknown_pin_is_an_error_at_once(pin: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """It says what was found, where, and what is known."""
    monkeypatch.setenv("TEST_PAST_PIN", "thrid")
    with pytest.raises(
        ConfigurationError, match=r"expected a version of test\.past .* first, second, auto"
    ):
        resolve(pin, INTERFACE)


def test_a_pin_is_cut_to_what_is_spoken() -> None:
    """A newer peer is no reason to refuse; a major that is not spoken is."""
    assert shape_version(None, INTERFACE) == (2, 6)
    assert shape_version((2, 9), INTERFACE) == (2, 6)
    assert shape_version((1, 9), INTERFACE) == (1, 3)
    assert shape_version((1, 1), INTERFACE) == (1, 1)
    assert shape_version((3, 0), INTERFACE) is None


def test_one_exception_says_what_why_and_what_would_do() -> None:
    """With the method, the argument, the version that it needs, and the pin."""
    method = method_named(INTERFACE, "run")
    error = Shape(INTERFACE, (2, 1)).refusal(method, ("node", "tags"), (2, 4))
    assert type(error) is VersionPinned
    assert str(error) == "run: 'node.tags' needs 2.4, and the pin is 2.1"
    assert (error.method, error.argument, error.needs, error.pin) == (
        "run",
        "node.tags",
        (2, 4),
        (2, 1),
    )
    error = Shape(INTERFACE, (4, 0)).refusal(method)
    assert str(error) == "run cannot be sent: the pin is 4.0, and this client speaks 1.3 and 2.6"
    error = Shape(INTERFACE, None).refusal(method)
    assert str(error) == "run does not exist any more, and this client speaks 2.6"


class TooOld(DeclaredError):
    """The program's own error."""

    def __init__(self, message: str = "", *, method: str, needed: str | None) -> None:
        super().__init__(message)
        self.method = method
        self.needed = needed


class TooOldFields(msgspec.Struct):
    method: str
    needed: str | None = None


def test_an_interface_may_name_its_own_error() -> None:
    """It is that class and VersionPinned, too, with the fields of both."""
    interface = sample.interface(
        errors=(ErrorType("TooOld", TooOld, TooOldFields),), refused_as=TooOld
    )
    error = Shape(interface, (2, 1)).refusal(interface.methods[0], ("extra",), (2, 6))
    assert isinstance(error, TooOld)
    assert isinstance(error, VersionPinned)
    assert (error.method, error.needed, error.needs) == ("run", "2.6", (2, 6))
    assert str(error) == error.message == "run: 'extra' needs 2.6, and the pin is 2.1"


def test_programs_can_ask_before_they_start() -> None:
    """For methods, routes of their own, arguments that are newer, and those that are gone."""
    run = method_named(INTERFACE, "run")
    assert understands((2, 6), run, ("extra",))
    assert not understands((2, 5), run, ("extra",))
    assert understands((2, 5), run, ("dropped", "node"))
    assert not understands(None, run, ())
    with pytest.raises(ConfigurationError, match="no argument 'extar'; did you mean 'extra'"):
        understands((2, 6), run, ("extar",))
    with pytest.raises(ConfigurationError, match="no method 'rnu'"):
        method_named(INTERFACE, "rnu")


def fleet() -> Fleet:
    """One that has not asked anybody."""
    speaks = Speaks(Shapes(INTERFACE, refuse_lost_casts=True)).pinned("auto")
    assert isinstance(speaks, Fleet)
    return speaks


Versions = tuple[tuple[int, int], ...]

COMMON: list[tuple[dict[str, Versions | None], tuple[int, int] | None]] = [
    ({}, (2, 6)),
    ({"a": ((1, 3), (2, 6))}, (2, 6)),
    ({"a": ((1, 3), (2, 6)), "b": ((1, 3), (2, 4))}, (2, 4)),
    ({"a": ((1, 3), (2, 6)), "b": ((1, 2),)}, (1, 2)),
    ({"a": ((2, 9), (3, 1))}, (2, 6)),
    ({"a": ((2, 4),), "b": ()}, (2, 4)),
    ({"a": ((0, 4),)}, None),
    ({"a": ((3, 0),)}, None),
    ({"a": ((1, 3),), "b": ((2, 6),)}, None),
]


@pytest.mark.parametrize(("servers", "version"), COMMON)
def test_auto_is_the_oldest_that_runs(
    servers: dict[str, Versions | None], version: tuple[int, int] | None
) -> None:
    """No server means no reason to hold back; a newer one is fine; nothing in common refuses everything."""
    speaks = fleet()
    speaks.learn(servers, 0.0)
    assert speaks.shape.version == version


def test_nothing_in_common_says_who_serves_what() -> None:
    """So that somebody can do something about it."""
    speaks = fleet()
    speaks.learn({"a": ((1, 3),), "b": ((2, 6),)}, 0.0)
    error = speaks.shape.refusal(method_named(INTERFACE, "run"))
    assert str(error) == (
        "run cannot be sent: this client and the running servers have no version in common (a 1.3; b 2.6)"
    )


def test_what_servers_said_is_believed_for_a_while() -> None:
    """One that does not answer is believed to be as it was, until it is no longer listed."""
    speaks = fleet()
    assert speaks.due(0.0)
    speaks.learn({"a": ((2, 6),), "b": ((2, 4),)}, 0.0)
    assert not speaks.due(AUTO_REFRESH - 1)
    assert speaks.due(AUTO_REFRESH)
    speaks.learn({"a": ((2, 6),), "b": None}, AUTO_REFRESH)
    assert speaks.shape.version == (2, 4)
    speaks.learn({"a": ((2, 6),)}, AUTO_REFRESH + 1)
    assert speaks.shape.version == (2, 6)


def test_doubt_asks_again_but_not_all_the_time() -> None:
    """A refusal of our version, a server that was never heard, and a round that failed: soon, but not at once."""
    speaks = fleet()
    speaks.learn({"a": ((2, 6),)}, 100.0)
    speaks.doubt()
    assert not speaks.due(100.0 + LEAST_PAUSE / 2)
    assert speaks.due(100.0 + LEAST_PAUSE)
    speaks.learn({"a": ((2, 6),), "b": None}, 200.0)
    assert speaks.due(200.0 + LEAST_PAUSE)
    speaks.keep(300.0)
    assert not speaks.due(300.0)
    assert speaks.due(300.0 + LEAST_PAUSE)


def test_copies_of_a_client_know_one_fleet() -> None:
    """`prepare(pin="auto")` asks nobody anew."""
    shapes = Shapes(INTERFACE, refuse_lost_casts=True)
    assert Speaks(shapes).pinned("auto") is Speaks(shapes, (1, 0)).pinned("auto")


ANSWERS: list[tuple[list[str], Versions | None]] = [
    (["1.3", "2.6"], ((1, 3), (2, 6))),
    (["2.6", "1.3"], ((1, 3), (2, 6))),
    ([], ()),
    (["1.3rc1"], None),
    (["1"], None),
    (["-1.0"], None),
    (["1." + "9" * 5000], None),
]


@pytest.mark.parametrize(("texts", "versions"), ANSWERS)
def test_what_a_server_says_is_not_taken_on_trust(
    texts: list[str], versions: Versions | None
) -> None:
    """A version that is none counts as no answer; another interface as not served."""
    answer = [
        Spoken(name="other", namespace=None, versions=["9.9"]),
        Spoken(name="test.past", namespace=None, versions=texts),
    ]
    assert spoken(INTERFACE, answer) == versions
    assert spoken(INTERFACE, answer[:1]) == ()
