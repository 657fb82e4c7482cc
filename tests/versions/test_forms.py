"""Older forms of methods at the edges: kinds that one side lacks, converters that err, values that are very deep."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from rpcgen.runtime import (
    BadArguments,
    ConfigurationError,
    MistypedArgument,
    Server,
    VersionPinned,
)

from tests.compiled import compile_to
from tests.packages import INTERFACES, import_from


@pytest.fixture(scope="module")
def forms(tmp_path_factory: pytest.TempPathFactory) -> ModuleType:
    """The generated package."""
    directory = tmp_path_factory.mktemp("forms")
    compile_to(directory, INTERFACES / "forms.yaml")
    return import_from(directory, "test_forms")


class Log:
    """What handlers and converters saw."""

    def __init__(self) -> None:
        self.seen: list[Any] = []
        self._more = threading.Condition()

    def note(self, *what: Any) -> None:
        with self._more:
            self.seen.append(what)
            self._more.notify_all()

    def wait(self, *what: Any) -> None:
        with self._more:
            assert self._more.wait_for(lambda: what in self.seen, 10.0), self.seen


def endpoint(forms: ModuleType, log: Log) -> Any:
    def handler(name: str, result: Any) -> Any:
        def run(self: Any, ctx: Any, **arguments: Any) -> Any:
            log.note(name, arguments)
            return result

        return run

    results = {"ask": 7, "patch": True}
    names = forms.FormsEndpoint.__abstractmethods__
    return type(
        "Forms", (forms.FormsEndpoint,), {name: handler(name, results.get(name)) for name in names}
    )()


def converters(forms: ModuleType, base: str, log: Log, made: dict[str, Any]) -> Any:
    """An object of a class of converters; what is not given says that it was not expected."""
    cls = getattr(forms, base)

    def function(name: str) -> Any:
        def convert(self: Any, value: Any) -> Any:
            log.note(name, value)
            return made[name](value)

        return convert

    names = cls.__abstractmethods__ | made.keys()
    return type("Converters", (cls,), {name: function(name) for name in names})()


@pytest.fixture
def log() -> Log:
    return Log()


@pytest.fixture
def client(forms: ModuleType, log: Log) -> Iterator[Any]:
    """A client of a server of the same release, both with converters."""
    url = f"memory://{secrets.token_hex(6)}"
    server = converters(
        forms,
        "FormsServerConverters",
        log,
        {
            "result_note_until_6_0": lambda value: forms.Answer(a=5),
            "result_ask_until_6_0": lambda value: None,
            "up_bounded_until_5_2": lambda args: forms.BoundedArgs(n=args.n),
        },
    )
    mine = converters(
        forms,
        "FormsClientConverters",
        log,
        {
            "result_note_until_6_0": lambda answer: None,
            "down_bounded_until_5_2": lambda args: forms.BoundedUntil5x2Args(n=args.n + 90),
        },
    )
    with (
        Server(url, server="s", endpoints=[endpoint(forms, log)], converters=[server]),
        forms.FormsClient(url, converters=mine) as made,
    ):
        yield made


@pytest.mark.parametrize("given", ["nothing", "the class", "another object"])
def test_a_client_does_not_start_without_its_converters(forms: ModuleType, given: str) -> None:
    """It says which class it wants an object of."""
    brought = {
        "nothing": None,
        "the class": forms.FormsClientConverters,
        "another object": object(),
    }
    with pytest.raises(ConfigurationError, match="an object of a subclass of FormsClientConvert"):
        forms.FormsClient(f"memory://{secrets.token_hex(6)}", converters=brought[given])


def test_a_cast_that_was_a_call_is_converted_once(client: Any, forms: ModuleType, log: Log) -> None:
    """Its older answer goes through the program's converter, and nobody gets it."""
    assert client.prepare(pin="5.3").note(x=1).peers
    assert log.seen == [
        ("note", {"x": 1}),
        ("result_note_until_6_0", None),
        ("result_note_until_6_0", forms.Answer(a=5)),
    ]


def test_a_kind_or_route_that_only_the_pin_lacks_is_the_one_refusal(client: Any) -> None:
    """And whoever asks before is told so."""
    old = client.prepare(pin="5.3")
    for refused in (lambda: old.ask(x=1), lambda: old.prepare(server="s").two()):
        with pytest.raises(VersionPinned) as caught:
            refused()
        assert (caught.value.needs, caught.value.pin) == ((6, 0), (5, 3))
    assert not old.can_send("ask")
    assert client.can_send("ask")
    assert old.can_send("two")


def test_what_a_converter_of_a_form_returns_is_checked(client: Any, log: Log) -> None:
    """No handler sees arguments that break the interface."""
    with pytest.raises(MistypedArgument, match="int <= 10"):
        client.prepare(pin="5.1").bounded(n=9)
    assert [each[0] for each in log.seen] == ["down_bounded_until_5_2", "up_bounded_until_5_2"]


def test_an_argument_that_a_form_replaced_is_not_lost(client: Any) -> None:
    """The converter sees today's arguments alone, so the other one is refused if it is set."""
    old = client.prepare(pin="5.1")
    with pytest.raises(VersionPinned, match="old"):
        old.bounded(n=1, old="x")
    assert not old.can_send("bounded", "old")


def test_absent_stays_absent_at_every_version(client: Any, forms: ModuleType) -> None:
    """With explicit presence, nothing is missed."""
    for pin in ("6.1", "6.0", "5.3"):
        assert client.prepare(pin=pin).patch(patch=forms.Patch(size=3)) is True


def test_values_that_are_too_deep_for_a_converter_are_refused(
    client: Any, forms: ModuleType
) -> None:
    """As bad arguments, before anything is sent; today's shape may be deeper."""
    tree = forms.Tree(name="leaf", below=[])
    for _ in range(400):
        tree = forms.Tree(name="node", below=[tree])
    with pytest.raises(BadArguments, match="too deep"):
        client.prepare(pin="6.0").put(tree=tree)


NULLABLE = """rpcgen: 1
interface: test.nullable
version: "1.1"
types:
  Box: {fields: {note: {type: string?, default: none, was_type: {"1.1": {type: string, default: none}}}}}
methods:
  echo: {call: any, args: {note: {type: string?, default: none, was_type: {"1.1": {type: string, default: none}}}}, returns: Box}
"""


def test_null_is_the_default_where_null_was_no_value(tmp_path: Path) -> None:
    """Null reads as the default, so older readers that have no place for null get that, in requests and results."""
    (tmp_path / "nullable.yaml").write_text(NULLABLE)
    compile_to(tmp_path, tmp_path / "nullable.yaml")
    module = import_from(tmp_path, "test_nullable")
    seen: list[Any] = []

    class Endpoint(module.NullableEndpoint):  # type: ignore[name-defined, misc]
        def echo(self, ctx: Any, *, note: Any) -> Any:
            seen.append((note, ctx.needs))
            return module.Box(note=None)

    url = f"memory://{secrets.token_hex(6)}"
    with Server(url, endpoints=[Endpoint()]), module.NullableClient(url, pin="1.0") as client:
        assert client.echo(note=None).note == "none"
        assert client.prepare(pin="1.1").echo(note="x").note == "none"
    assert seen == [("none", (1, 0)), ("x", (1, 0))]


BOUNDED = """rpcgen: 1
interface: test.bounded
version: "1.1"
types:
  Root: {fields: {size: {type: int, was_type: {"1.1": {type: int, max: 10}}}}}
  Box: {extends: Root, fields: {names: {type: "list[string?]", was_type: {"1.1": {type: "list[string?]", size: 0..1}}}}}
methods:
  make: {call: any, args: {size: {type: int, was_type: {"1.1": {type: int, max: 10}}}}, returns: Box}
"""


def test_older_readers_are_told_values_out_of_their_bounds(tmp_path: Path) -> None:
    """Readers of results enforce no bounds, so nothing is converted for them; requests keep to those of their version."""
    (tmp_path / "bounded.yaml").write_text(BOUNDED)
    compile_to(tmp_path, tmp_path / "bounded.yaml")
    module = import_from(tmp_path, "test_bounded")

    class Endpoint(module.BoundedEndpoint):  # type: ignore[name-defined, misc]
        def make(self, ctx: Any, *, size: int) -> Any:
            return module.Box(size=size * 10, names=["a", None])

    url = f"memory://{secrets.token_hex(6)}"
    with Server(url, endpoints=[Endpoint()]), module.BoundedClient(url, pin="1.0") as client:
        assert client.make(size=5) == module.Box(size=50, names=["a", None])
        with pytest.raises(VersionPinned):
            client.make(size=50)


PICKED = """rpcgen: 1
interface: test.picked
version: "1.1"
types:
  Pick: {union: {kind: string}, open: true}
  Hold: {fields: {pick: Pick}}
  Held: {fields: {holds: {type: "list[Hold]", was_type: {"1.1": {type: Hold}}}}}
methods:
  host:
    call: any
    args: {holds: {type: "list[Hold]", size: 0..2, was_type: {"1.1": {type: "list[Hold]"}}}}
    returns: Held
"""


def test_members_that_nobody_knows_pass_converters(tmp_path: Path) -> None:
    """An unknown member of an open union, in what converters take and make, both ways."""
    (tmp_path / "picked.yaml").write_text(PICKED)
    compile_to(tmp_path, tmp_path / "picked.yaml")
    module = import_from(tmp_path, "test_picked")
    new = module.Hold(pick=module.Pick(unknown={"new": 1}))
    old = module.Hold(pick=module.Pick(kind="a"))

    class Endpoint(module.PickedEndpoint):  # type: ignore[name-defined, misc]
        def host(self, ctx: Any, *, holds: Any) -> Any:
            return module.Held(holds=holds)

    class ForServers(module.PickedServerConverters):  # type: ignore[name-defined, misc]
        def up_host_holds_until_1_1(self, value: Any) -> Any:
            return value[:2]

        def down_held_holds_until_1_1(self, value: Any) -> Any:
            return value[-1]

    class ForClients(module.PickedClientConverters):  # type: ignore[name-defined, misc]
        def down_host_holds_until_1_1(self, value: Any) -> Any:
            return [*value, old]

        def up_held_holds_until_1_1(self, value: Any) -> Any:
            return [value, old]

    url = f"memory://{secrets.token_hex(6)}"
    with (
        Server(url, endpoints=[Endpoint()], converters=[ForServers()]),
        module.PickedClient(url, pin="1.0", converters=ForClients()) as client,
    ):
        assert client.host(holds=[old, new]).holds == [new, old]
        assert client.host(holds=[new]).holds == [old, old]
