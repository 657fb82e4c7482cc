"""Generated packages at work, over the memory driver: what a signature says is what happens."""

from __future__ import annotations

import asyncio
import datetime as dt
import inspect
import warnings
from decimal import Decimal
from pathlib import Path
from types import ModuleType
from typing import Any
from uuid import UUID

import msgspec
import pytest
from rpcgen.runtime import AsyncServer, MistypedArgument, OpenEnum

from tests.codegen.running import Recorder, load, serving

pytestmark = pytest.mark.usefixtures("packages")


def scalars(types: ModuleType) -> Any:
    """A value of every type."""
    return types.Scalars(
        a_bool=True,
        an_int=-(2**63),
        a_float=0.5,
        a_string="text",
        some_bytes=b"\x00",
        a_uuid=UUID(int=7),
        a_datetime=dt.datetime(2026, 1, 2, tzinfo=dt.UTC),
        a_date=dt.date(2026, 1, 2),
        a_duration=dt.timedelta(seconds=90),
        a_decimal=Decimal("1.50"),
        an_any={"a": [1, None]},
        by_number={1: ["one"]},
        point=types.Point(x=1, y=2),
        colour=types.Colour.GREEN,
        shade=types.Shade("unheard of"),
        shape=types.Shape(radius=1.5),
        signal=types.Signal(off=3),
        photo={"name": "Photo", "version": "1", "data": None},
        place=None,
        moments=[dt.datetime(2026, 1, 2, tzinfo=dt.UTC)],
        nested={"a": [types.Point(x=1, y=2), None]},
    )


def test_defaults_are_filled_in() -> None:
    """What is not given, and None for what has a default, reads as the default; user code never sees None for it."""
    types = load("case_types")
    recorder = Recorder(defaults=types.Defaults())
    with serving(types, "Types", recorder) as client:
        result = client.defaults()
        client.defaults(maybe=None, names=None, pair=[3], maybe_list=None, a_duration=None)
    expected = {
        "a_bool": True,
        "a_string": "hello",
        "a_duration": dt.timedelta(seconds=90),
        "colour": types.Colour.GREEN,
        "point": types.Point(x=1, y=2),
        "names": [],
        "pair": [1, 2],
        "maybe": 7,
        "maybe_list": ["a"],
        "number": None,
        "count": 5,
    }
    assert recorder.seen == [("defaults", expected), ("defaults", {**expected, "pair": [3]})]
    assert result == types.Defaults()
    assert result.some_bytes == b'\x00\x01"'
    assert result.quoted == 'it\'s "so"'
    assert result.an_any == {"a": [1, None, "text"]}
    assert result.names is not types.Defaults().names


def test_signature_is_the_interface() -> None:
    """A client's method has the interface's arguments and nothing else, as keywords, with real defaults."""
    shop = load("shop_inventory")
    parameters = inspect.signature(shop.InventoryClient.take).parameters
    assert [(p.name, p.kind.name, p.default) for p in parameters.values()] == [
        ("self", "POSITIONAL_OR_KEYWORD", inspect.Parameter.empty),
        ("sku", "KEYWORD_ONLY", inspect.Parameter.empty),
        ("count", "KEYWORD_ONLY", 1),
        ("note", "KEYWORD_ONLY", None),
    ]
    blocking, asyncio_ = shop.InventoryClient.take, shop.AsyncInventoryClient.take
    assert inspect.signature(blocking) == inspect.signature(asyncio_)


def test_every_type_survives_encoding() -> None:
    """A struct with every type is equal after a journey in either encoding."""
    types = load("case_types")
    value = scalars(types)
    for codec in (msgspec.json, msgspec.msgpack):
        data = codec.encode(msgspec.structs.replace(value, signal=types.Signal(off=3)))
        found = codec.decode(
            data, type=types.Scalars, dec_hook=lambda _type, given: given, strict=False
        )
        assert found == value
    assert isinstance(value.shade, OpenEnum)


def test_absent_stays_absent() -> None:
    """With `presence: explicit`, what was not given is UNSET, and None is another thing."""
    types = load("case_types")
    recorder = Recorder(explicit=types.Explicit(a_list=None))
    with serving(types, "Types", recorder) as client:
        result = client.explicit(given=types.Explicit(a_string="x", maybe=None))
    (_, given), *_ = recorder.seen
    assert given["given"] == types.Explicit(a_string="x", maybe=None)
    assert (given["given"].a_list, given["title"]) == (msgspec.UNSET, msgspec.UNSET)
    assert (result.a_list, result.a_string) == (None, msgspec.UNSET)


def test_constraints_are_checked_on_the_server() -> None:
    """A value outside its bounds does not reach the handler."""
    shop = load("shop_inventory")
    recorder = Recorder(take=shop.Item(sku="ABC-1234", count=1))
    with serving(shop, "Inventory", recorder) as client:
        assert client.take(sku="ABC-1234").condition is shop.Condition.NEW
        for wrong in ({"sku": "abc"}, {"sku": "ABC-1234", "count": 0}):
            with pytest.raises(MistypedArgument):
                client.take(**wrong)
    assert len(recorder.seen) == 1


def test_escaped_names_travel_as_they_are() -> None:
    """Python names differ from those on the wire only in Python."""
    names = load("case_names")
    arguments = {method.name: method.args for method in names.INTERFACE.methods}
    encoded = {field.encode_name for field in msgspec.structs.fields(arguments["from"])}
    assert encoded == {"from", "self", "cls", "ctx", "Client"}
    recorder = Recorder()
    with serving(names, "Names", recorder) as client:
        client.close_(message="m", super_=1)
        client.unset(UNSET__="x")
        client.send(lambda_="y")
        client.send_call(lambda_="z")
        client.camelCase(someThing=names.X(x=1, X_=2))
    assert [name for name, _ in recorder.seen if name != "send"] == ["close", "unset", "camelCase"]
    assert [given for name, given in recorder.seen if name == "unset"] == [{"UNSET__": "x"}]


def test_kinds_of_a_method() -> None:
    """The kind that is written first has the plain name."""
    routes = load("case_routes")
    client = routes.RoutesClient
    assert {"both", "both_cast", "both_ways", "both_ways_call"} <= vars(client).keys()
    assert inspect.signature(client.both).return_annotation == "int"
    assert inspect.signature(client.both_cast).return_annotation == "Sent"
    assert inspect.signature(client.both_ways).return_annotation == "Sent"
    assert "both_cast" not in vars(routes.RoutesEndpoint)


def test_destinations() -> None:
    """A destination is read from the arguments, and None comes of anything missing on the way."""
    routes = load("case_routes")
    methods = {method.name: method for method in routes.INTERFACE.methods}

    def node(host: str = "h", **given: Any) -> Any:
        return routes.Node(host=host, **{"children": [], **given})

    def where(name: str, **given: Any) -> str | None:
        destination = methods[name].destination
        found: str | None = destination(methods[name].args(**given))
        return found

    assert where("to_argument", host="a") == "a"
    assert where("to_optional") is None
    assert where("to_deep", node=node()) is None
    assert where("to_deep", node=node(parent=node(parent=node(maybe="deep")))) == "deep"
    assert where("to_first", nodes=[]) is None
    assert where("to_first", nodes=[node("first")]) == "first"
    three = [node(), node(), node(children=[node(), node("third")])]
    assert where("to_third", nodes=three) == "third"
    assert where("to_third", nodes=three[:2]) is None
    assert where("to_third") is None
    assert where("to_inner", node=node(nodes=[node(maybe="in")])) == "in"
    assert where("to_inner", node=node()) is None
    assert where("to_late", node=node(late="l")) == "l"
    assert where("to_late", node=node(), late="own") == "own"
    assert where("to_late") is None
    migration = type("Migration", (), {"source": None, "target": "t", "node": node(maybe="m")})()
    assert where("to_opaque", migration=migration) == "t"
    assert where("to_many", migration=migration, nodes=[], node=node("last")) == "m"
    assert where("to_many", nodes=[node(parent=node("p"))], node=node("last")) == "p"
    assert where("to_many", nodes=[], node=node("last")) == "last"
    assert where("to_sure", node=node("sure")) == "sure"


def test_call_goes_where_its_argument_says() -> None:
    """A server-routed call reaches the server that `to` names."""
    routes = load("case_routes")
    recorder = Recorder()
    with serving(routes, "Routes", recorder, server="there") as client:
        client.to_argument(host="there")
    assert recorder.seen == [("to_argument", {"host": "there"})]


def test_errors_arrive_as_their_classes() -> None:
    """A declared error is raised again with its fields, and is what it extends."""
    errors = load("case_errors")
    item = errors.Item(id=UUID(int=1))
    rich = errors.Rich("much", item=item, words=None, maybe=None, note="n")
    assert (rich.items, rich.words, rich.times, rich.maybe) == ([], ["a"], 1, 3)
    raised = [
        errors.Empty("nothing"),
        errors.Busier("later", after=dt.timedelta(seconds=3), queue=4),
        errors.First(a=1, b="b"),
        rich,
    ]
    for error in raised:
        with (
            serving(errors, "Errors", Recorder(fail=error)) as client,
            pytest.raises(type(error)) as caught,
        ):
            client.fail()
        assert type(caught.value) is type(error)
        assert (
            vars(caught.value).items()
            >= {name: value for name, value in vars(error).items() if name != "message"}.items()
        )
    assert issubclass(errors.Busier, errors.Busy)
    assert [cls.retryable for cls in (errors.Busy, errors.Busier, errors.Calm)] == [
        True,
        True,
        False,
    ]


def test_newer_parts_that_are_unset_do_not_travel() -> None:
    """What began later is left out while it is unset; what is older always travels."""
    versions = load("case_versions")
    derived = versions.Derived(id=UUID(int=1))
    older = {"id", "note", "words", "mode", "pairs", "plain"}
    assert msgspec.to_builtins(derived).keys() - {"tags", "table"} == older
    assert msgspec.to_builtins(versions.Other(id=UUID(int=1))).keys() == older | {"count"}
    assert msgspec.to_builtins(versions.Point(x=1)) == {"x": 1, "y": 0}
    assert msgspec.to_builtins(versions.Point(x=1, z=2)) == {"x": 1, "y": 0, "z": 2}
    late = msgspec.json.decode(b'{"state": "off"}', type=versions.Result)
    assert late.at is None


def test_constant_is_sent_and_nobody_passes_it() -> None:
    """A constant is no argument of the client; a handler gets it."""
    versions = load("case_versions")
    recorder = Recorder()
    with serving(versions, "Versions", recorder) as client:
        client.fixed(name="x")
    assert recorder.seen == [("fixed", {"kind": "basic", "name": "x"})]
    assert "kind" not in inspect.signature(client.fixed).parameters


def test_deprecated_method_warns() -> None:
    """Using a deprecated method says what to use."""
    versions = load("case_versions")
    with serving(versions, "Versions", Recorder()) as client:
        with pytest.warns(DeprecationWarning, match="since 1.1; use run") as warned:
            client.old_one()
        assert warned[0].filename == __file__  # Python shows them for the program's own files alone
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            client.fixed(name="x")


def test_recursive_types_work() -> None:
    """Types that need each other decode to any depth."""
    recursive = load("case_recursive")
    tree = recursive.Tree(children=[recursive.Tree(left=recursive.Tree())])
    recorder = Recorder(grow=recursive.Choice(tree=tree))
    with serving(recursive, "Recursive", recorder) as client:
        assert client.grow(forest=[tree], trees={"a": [tree]}).tree == tree
    assert recorder.seen == [("grow", {"forest": [tree], "trees": {"a": [tree]}})]


def test_asyncio_does_the_same() -> None:
    """The asyncio client and endpoint have the same methods, as coroutines."""
    shop = load("shop_inventory")
    item = shop.Item(sku="ABC-1234", count=2)
    seen: list[str] = []

    class Shop(shop.AsyncInventoryEndpoint):  # type: ignore[misc, name-defined]
        async def take(self, ctx: object, *, sku: str, count: int, note: str | None) -> Any:
            return msgspec.structs.replace(item, count=count)

        async def stop(self, ctx: object, **given: Any) -> None:
            seen.append(given["from_"])

        async def reload(self, ctx: object) -> None: ...

    async def main() -> Any:
        url = "memory://async-shop"
        async with (
            AsyncServer(url, server="one", endpoints=[Shop()]),
            shop.AsyncInventoryClient(url) as client,
        ):
            await client.prepare(server="one").stop_call(item=item, from_="me")
            return await client.take(sku="ABC-1234", count=5)

    assert asyncio.run(main()).count == 5
    assert seen == ["me"]


def test_incomplete_endpoint_cannot_be_made(packages: Path) -> None:
    """A missing handler is noticed when the endpoint is made."""
    shop = load("shop_inventory")
    with pytest.raises(TypeError, match="abstract"):
        type("Incomplete", (shop.InventoryEndpoint,), {})()
