"""Calls, casts and fanouts: values, destinations and errors."""

from __future__ import annotations

import datetime
import decimal
import logging
import re
import time
import uuid
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import pytest
from rpcgen.runtime import (
    BadArguments,
    BadResult,
    ConfigurationError,
    InvalidTarget,
    MistypedArgument,
    NotSent,
    Opaque,
    RemoteError,
)

from tests.conformance.conftest import Lab


def everything(lab: ModuleType, **changes: Any) -> Any:
    values: dict[str, Any] = {
        "flag": True,
        "number": -(2**63),
        "ratio": 0.5,
        "text": 'quotes " and \u2028 and \U0001f600',
        "data": b"\x00\xff",
        "id": uuid.UUID(int=7),
        "at": datetime.datetime(2026, 1, 2, 3, 4, 5, 678, tzinfo=datetime.UTC),
        "day": datetime.date(2026, 1, 2),
        "pause": datetime.timedelta(seconds=90, microseconds=5),
        "price": decimal.Decimal("1.10"),
        "anything": {"a": [1, None, {"b": "c"}]},
        "names": ["a", ""],
        "counts": {"": 0, "b": 2},
        "by_number": {1: "one", -5: "minus five"},
        "mode": lab.Mode.FAST,
        "colour": lab.Colour.RED,
        "shape": lab.Shape(point=lab.Point(x=1, y=2)),
        "tree": lab.Tree(value=1, children=[lab.Tree(value=2), lab.Tree(value=3)]),
    }
    return lab.Everything(**(values | changes))


def test_every_type_survives_the_journey(labs: Lab) -> None:
    """A value of every type of the language arrives and comes back equal."""
    client = labs.open()
    sent = everything(labs.package)
    assert client.echo(everything=sent) == sent


def test_defaults_are_filled_in(labs: Lab) -> None:
    """Arguments that are not given read as their defaults on the server."""
    client = labs.open()
    assert client.add(a=2) == 3
    assert client.greet(name=None) == "hello None None"
    assert client.greet(name="Ann", greeting="hi", from_="Bob") == "hi Ann Bob"


def test_unknown_values_of_open_types_are_kept(labs: Lab) -> None:
    """An open enum keeps a text, and an open union a member, that the reader does not know."""
    lab = labs.package
    client = labs.open()
    sent = everything(lab, colour=lab.Colour("mauve"))
    answer = client.echo(everything=sent)
    assert (answer.colour, answer.colour.known) == ("mauve", False)
    strange = lab.Signal(unknown={"blink": {"times": 3}})
    assert client.pick(signal=strange) == strange
    assert client.pick(signal=lab.Signal(off=3)) == lab.Signal(off=3)


def test_bad_arguments_are_caught_before_sending(labs: Lab) -> None:
    """A value that does not fit is refused with its path, and nothing reaches the server."""
    lab = labs.package
    client = labs.open()
    with pytest.raises(MistypedArgument) as caught:
        client.echo(
            everything=everything(lab, tree=lab.Tree(value=1, children=[lab.Tree(value="2")]))
        )
    assert caught.value.path == "everything.tree.children[0].value"
    assert isinstance(caught.value, ValueError)
    for words, text in ([[], "a"], [["a", "a"], "a"], [["a"], "A"], [["a"], "abcdef"]):
        with pytest.raises(BadArguments):
            client.bounded(words=words, text=text)
    if not re.search("codec=json|wire=oslo", labs.urls[0]):  # JSON has no largest number
        with pytest.raises(BadArguments):
            client.add(a=2**70)
    assert client.bounded(words=["a", "b"], text="abc") == 2
    assert labs.servers[0].serving.counters.received == 1


def test_any_server_takes_a_call_and_a_named_one_gets_its_own(labs: Lab) -> None:
    """Calls to any server spread over all; a named server gets what is addressed to it."""
    client = labs.open(servers=2)
    for name in ("s1", "s2"):  # the first call goes to whoever is found first
        assert {client.prepare(server=name).report().server for _ in range(5)} == {name}
    assert {client.report().server for _ in range(60)} == {"s1", "s2"}


def test_casts_reach_one_named_or_all(labs: Lab) -> None:
    """A cast goes to one server, to the named one, or with fanout to each exactly once."""
    client = labs.open(servers=3)
    sent = client.prepare(fanout=True).note(text="all")
    knows = not labs.urls[0].startswith("amqp")  # a broker does not say who was there
    assert sorted(sent.peers) == (["s1", "s2", "s3"] if knows else ["every server of test/lab"])
    assert labs.bench.wait_for_notes(3) == ["s1:all", "s2:all", "s3:all"]
    assert client.prepare(server="s2").note(text="one").peers == ("s2",)
    assert "s2:one" in labs.bench.wait_for_notes(4)
    client.note(text="any")
    assert len(labs.bench.wait_for_notes(5)) == 5


def test_a_method_may_be_called_or_cast(labs: Lab) -> None:
    """With both kinds the caller chooses, and both reach the same handler."""
    client = labs.open()
    assert client.both(text="called") is None
    client.both_cast(text="cast")
    assert labs.bench.wait_for_notes(2) == ["called", "cast"]


def test_a_destination_comes_from_the_arguments(labs: Lab) -> None:
    """`to:` names the server by an argument, with a fallback; null is refused; prepare() wins."""
    lab = labs.package
    client = labs.open(servers=2)
    first, second = everything(lab, text="s1"), everything(lab, text="s2")
    assert client.to_host(first=first, rest=[second]) == "s1"
    assert client.to_host(first=None, rest=[second]) == "s2"
    assert client.prepare(server="s2").to_host(first=first, rest=[]) == "s2"
    with pytest.raises(InvalidTarget, match="null"):
        client.to_host(first=None, rest=[])


def test_routes_that_a_method_lacks_are_refused(labs: Lab) -> None:
    """A destination that the interface does not offer is an error at the call."""
    client = labs.open()
    with pytest.raises(InvalidTarget, match="greet"):
        client.prepare(server="s1").greet(name="x")
    with pytest.raises(InvalidTarget):
        client.prepare(fanout=True).add(a=1)
    with pytest.raises(ConfigurationError):
        client.prepare(timeout=-1)


def test_a_call_to_nobody_fails_at_once(labs: Lab) -> None:
    """Without a server, or with the wrong name, a call is NotSent long before its timeout."""
    client = labs.open(servers=0)
    begun = time.monotonic()
    with pytest.raises(NotSent):
        client.add(a=1)
    with pytest.raises(NotSent):
        client.prepare(fanout=True).note(text="x")
    labs.start(0)
    assert client.add(a=1) == 2
    with pytest.raises(NotSent, match="nobody-here"):
        client.prepare(server="nobody-here").add(a=1)
    assert time.monotonic() - begun < 3.0


def test_a_cast_to_nobody_fails_at_once(labs: Lab) -> None:
    """As a call does, though nobody waits for an answer."""
    client = labs.open(servers=0)
    begun = time.monotonic()
    with pytest.raises(NotSent):
        client.note(text="x")
    labs.start(0)
    client.note(text="y")
    assert labs.bench.wait_for_notes(1) == ["s1:y"]
    assert time.monotonic() - begun < 3.0


def test_declared_errors_arrive_as_their_own_class(labs: Lab) -> None:
    """A declared error, or one that extends it, is raised at the caller with typed fields."""
    lab = labs.package
    client = labs.open()
    with pytest.raises(lab.Broken) as caught:
        client.fail(how="declared")
    assert type(caught.value) is lab.Broken
    assert (str(caught.value), caught.value.part, caught.value.times) == (
        "a part broke",
        "wheel",
        3,
    )
    with pytest.raises(lab.Broken) as extended:
        client.fail(how="extended")
    assert type(extended.value) is lab.Shattered
    assert (extended.value.part, extended.value.times, extended.value.pieces) == ("glass", 1, 7)
    assert labs.servers[0].serving.counters.declared == 2


@pytest.mark.parametrize(
    ("how", "type_name"),
    [
        ("undeclared", "Undeclared"),
        ("bug", "KeyError"),
        ("exit", "SystemExit"),
        ("end", "End"),
        ("refused", "Draining"),
        ("endless field", "BadResult"),
        ("bad fields", "BadResult"),
    ],
)
def test_other_errors_arrive_as_remote_error(
    labs: Lab, caplog: pytest.LogCaptureFixture, how: str, type_name: str
) -> None:
    """Anything that the method does not declare is a RemoteError, logged on the server; the server goes on."""
    client = labs.open(concurrency=1)
    with pytest.raises(RemoteError) as caught:
        client.fail(how=how)
    assert type(caught.value) in (RemoteError, BadResult)
    assert caught.value.type_name == type_name
    assert caught.value.remote_traceback is None
    assert client.add(a=1) == 2
    assert [r.levelno for r in caplog.records if r.name == "rpcgen.server"] == [logging.ERROR]


def test_debug_servers_send_tracebacks(labs: Lab) -> None:
    """Only a server that was started with debug=True tells where its handler failed."""
    client = labs.open(debug=True)
    with pytest.raises(RemoteError) as caught:
        client.fail(how="bug")
    assert "in fail" in (caught.value.remote_traceback or "")


def test_a_bad_result_is_the_handlers_failure(labs: Lab) -> None:
    """A result outside its bounds is not sent: the caller gets BadResult at once."""
    client = labs.open()
    with pytest.raises(BadResult, match="<= 10"):
        client.bad_result()


def test_opaque_objects_pass_without_a_codec(labs: Lab) -> None:
    """Without codecs an opaque value travels as it is, at the top and inside containers."""
    client = labs.open()
    blob = Opaque(name="Blob", version="1.4", data={"a": [1, 2]})
    assert client.keep(blob=blob, more=[blob, blob]) == blob
    with pytest.raises(BadArguments):
        client.keep(blob=Opaque(name="Other", version="1", data=1), more=[])
    with pytest.raises(BadArguments):
        client.keep(blob=object(), more=[])


class Plain:
    """A program's own class."""

    def __init__(self, pixels: list[int]) -> None:
        self.pixels = pixels


@dataclass
class Data:
    """Another, which msgspec could encode in its own way."""

    pixels: list[int]


class PictureCodec:
    """The codec of either."""

    def __init__(self, of: type[Any]) -> None:
        self.type = of

    def encode(self, value: Any) -> tuple[str, list[int]]:
        return "2.0", value.pixels

    def decode(self, version: str, data: list[int]) -> Any:
        if version != "2.0":
            raise ValueError(f"version {version} is unknown")
        return self.type(data)


@pytest.mark.parametrize("picture", [Plain, Data])
def test_opaque_objects_travel_through_the_programs_codec(labs: Lab, picture: type[Any]) -> None:
    """With a codec the caller passes, and gets, the program's own objects, whatever their class."""
    codecs = {labs.package.Blob: PictureCodec(picture)}
    client = labs.open(client={"codecs": codecs}, codecs=codecs)
    answer = client.keep(blob=picture([1, 2, 3]), more=[picture([])])
    assert type(answer) is picture
    assert answer.pixels == [1, 2, 3]
    with pytest.raises(BadArguments, match="version 1 is unknown"):
        client.keep(blob=Opaque(name="Blob", version="1", data=[]), more=[])


def test_deprecated_methods_warn_once(labs: Lab) -> None:
    """The first use of a deprecated method warns, and it still works."""
    client = labs.open()
    with pytest.warns(DeprecationWarning, match="old_one") as warned:
        assert client.old_one() == 1
    if labs.worlds.client_world == "blocking":  # else the loop of these tests makes the call
        assert warned[0].filename == __file__
    assert client.old_one() == 1
