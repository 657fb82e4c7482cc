"""What the parts of a file mean, as the model has it."""

from __future__ import annotations

import pytest
from rpcgen.idl import (
    Dated,
    Default,
    Enum,
    Field,
    Index,
    Interface,
    ListOf,
    MapOf,
    Named,
    Nullable,
    OlderType,
    Route,
    Scalar,
    Struct,
    Timeout,
    Topic,
    Value,
    Version,
    loads,
    parse_version,
    render,
    type_text,
)
from rpcgen.idl.read.shortform import split_short_form
from rpcgen.idl.typetext import TypeMistake, TypeText, parse_type

from tests.idl.cases import CASES, PREAMBLE


def interface_of(text: str, head: str = PREAMBLE) -> Interface:
    """Return the interface of a text that has no mistakes."""
    loaded = loads(head + text)
    assert loaded.interface is not None, render(loaded.diagnostics, loaded.sources)
    return loaded.interface


def argument(text: str, types: str = "{}") -> Field:
    """Return an argument, given its short or long form."""
    return (
        interface_of(f"types: {types}\nmethods:\n  m:\n    call: any\n    args:\n      a: {text}\n")
        .methods["m"]
        .args["a"]
    )


def mistakes(text: str) -> list[str]:
    """Return the rules that a text breaks."""
    return [found.rule for found in loads(PREAMBLE + text).diagnostics]


def test_names_default_to_those_of_the_interface() -> None:
    """Namespace, exchange and topic come from the name."""
    interface = interface_of("", 'rpcgen: 1\ninterface: nova.cells.compute\nversion: "1.0"\n')
    assert interface.namespace == "nova.cells.compute"
    assert ("nova", Topic("compute")) == (interface.target.exchange, interface.target.topic)
    assert interface_of("namespace: null\n").namespace is None
    assert interface_of("namespace: demo\n").namespace == "demo"


@pytest.mark.parametrize(
    "text",
    [
        "int",
        "list[string]?",
        "map[string, list[Foo?]]",
        "map[int, any]",
        "Foo",
        "list[list[bytes]]",
        "Foo?",
    ],
)
def test_types_are_written_as_they_are_read(text: str) -> None:
    """`type_text` and `parse_type` undo each other."""
    found = parse_type(text)
    assert isinstance(found, TypeText)
    assert text == type_text(found.type)
    assert found.type == parse_type(f"  {text.replace('[', ' [ ').replace(',', ' ,')} ").type  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("text", "offset", "hint"),
    [
        ("List[int]", 0, "list[T]"),
        ("str", 0, "string"),
        ("map[string, integer]", 12, "int"),
        ("int??", 4, "one ?"),
        ("int | null", 4, "T?"),
        ("Foo[int]", 3, "only list"),
        ("list", 4, "list[T]"),
        ("map[string]", 10, "map[string, T]"),
        ("strnig", 0, '"string"'),
        ("", 0, ""),
        ("list[int", 8, ""),
        ("a.b", 0, ""),
    ],
)
def test_type_mistakes_are_placed_and_helped(text: str, offset: int, hint: str) -> None:
    """The offending characters, and what to write instead."""
    found = parse_type(text)
    assert isinstance(found, TypeMistake)
    assert offset == found.offset
    assert hint in found.hint


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("int", ("int", None, None, None, None)),
        ("int = 3", ("int", "3", None, None, None)),
        ("int=3", ("int", "3", None, None, None)),
        ("int since 1.2", ("int", None, "1.2", None, None)),
        ("int = 3 since 1.2 until 1.4", ("int", "3", "1.2", "1.4", None)),
        ("list[A]? = [a, {b: ']'}] since 1.2", ("list[A]?", "[a, {b: ']'}]", "1.2", None, None)),
        ('string = "a since 1.2"', ("string", '"a since 1.2"', None, None, None)),
        ("string = 'it''s' until 2.0", ("string", "'it''s'", None, "2.0", None)),
        ("string = a b  c since 1.2", ("string", "a b  c", "1.2", None, None)),
        ("int since 1.2 = 3", ("int", None, None, None, "= 3")),
        ("int since", ("int", None, None, None, "since")),
        ("int = [", ("int", "[", None, None, None)),
        ("int = ", ("int", "", None, None, None)),
        ("sincerity", ("sincerity", None, None, None, None)),
    ],
)
def test_short_forms_fall_into_their_pieces(text: str, expected: tuple[str | None, ...]) -> None:
    """Type, default, dates, and what is left over."""
    form = split_short_form(text)
    pieces = (form.head, form.default, form.since, form.until, form.rest)
    assert expected == tuple(piece.text if piece is not None else None for piece in pieces)
    assert all(text[piece.offset :].startswith(piece.text) for piece in pieces if piece is not None)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("bool = true", True),
        ("int = -5", -5),
        ("float = 1e3", 1000.0),
        ("string = true", "true"),
        ("string = 5.10", "5.10"),
        ('string? = "null"', "null"),
        ("string? = null", None),
        ("any = null", None),
        ("any = 12", 12),
        ("any = '12'", "12"),
        ("any = no", "no"),
        ("bytes = aGk=", "aGk="),
        ("uuid = 123E4567E89B12D3A456426614174000", "123e4567-e89b-12d3-a456-426614174000"),
        ("datetime = 2025-01-31 12:00:00Z", "2025-01-31T12:00:00Z"),
        ("datetime = 2025-01-31T12:00:00.5+01:00", "2025-01-31T11:00:00.500000Z"),
        ("date = 2025-01-31", "2025-01-31"),
        ("duration = 1.5h", "PT5400S"),
        ("duration = P1DT2H", "PT93600S"),
        ("duration = 0.25", "PT0.25S"),
        ("decimal = 12.50", "12.50"),
        ("list[int] = [1, 2]", [1, 2]),
        ("'map[string, int] = {a: 1}'", {"a": 1}),
        ("map[string, int] = {}", {}),
        ("E = no", "no"),
        ("'S = {x: 1}'", {"x": 1.0}),
        ("'U = {s: {x: 1}}'", {"s": {"x": 1.0}}),
        ("L = abc", "abc"),
    ],
)
def test_defaults_are_read_by_their_type(text: str, expected: Value) -> None:
    """Unquoted words by the type, quoted ones as text, in the shape that travels."""
    types = "{E: {enum: [no, yes]}, S: {fields: {x: float, y: int?}}, U: {union: {s: S}}, L: {type: string, size: ..3}}"
    found = argument(text, types).default
    assert Default(expected) == found
    assert found is not None
    assert type(expected) is type(found.value)


@pytest.mark.parametrize(
    "text",
    [
        "bool = yes", "bool = True", 'bool = "true"', "bool = 1", "int = 1.0", "int = 18446744073709551616", 'int = "1"', "int = null",
        "float = .5", "float = nan", "string = null", "string = [a]", "bytes = a", "uuid = 12", "datetime = 2025-01-31T12:00:00",
        "datetime = 2025-13-31T12:00:00Z", "date = 2025-02-30", "duration = soon", "duration = P1Y", "decimal = 1e5", "list[int] = [a]",
        "list[int] = 1", "'map[int, int] = {a: 1}'", "E = maybe", "S = {}", "'S = {x: 1, z: 2}'", "U = {}", "'U = {t: 1}'", "O = 1",
    ],
)  # fmt: skip
def test_values_of_other_types_are_refused(text: str) -> None:
    """Nothing is converted."""
    types = "types: {E: {enum: [no, yes]}, S: {fields: {x: float}}, U: {union: {s: S}}, O: {opaque: true}}\n"
    assert mistakes(f"{types}methods:\n  m:\n    call: any\n    args:\n      a: {text}\n") == [
        "value-type"
    ]


def test_dates_and_paths_are_parsed() -> None:
    """The example of the language, in its details."""
    from rpcgen.idl import load

    interface = load(CASES / "good-language" / "input.yaml").interface
    assert interface is not None
    methods = interface.methods
    assert (Route("cast", "server"), Route("call", "server")) == methods["stop_instance"].routes
    assert (
        Route("cast", "server", Dated((Version(6, 4),))) == methods["update_capabilities"].routes[1]
    )
    assert [path.text for path in methods["confirm_resize"].to] == [
        "migration.source_compute",
        "instance.host",
    ]
    assert Topic("compute-alt", (Version(6, 5),)) == methods["pre_live_migration"].topic
    assert Timeout(profile="long") == methods["pre_live_migration"].timeout
    assert Timeout(seconds=30.0) == methods["get_console_output"].timeout
    assert {Version(6, 0): "instance_type"} == methods["prep_resize"].args["flavor"].was
    was = OlderType(MapOf(Scalar("string"), Scalar("any")), converted=True)
    assert {Version(5, 1): was} == methods["prep_resize"].args["request_spec"].was_type
    assert Default(None) == methods["pre_live_migration"].args["block_migration"].constant
    assert interface.errors["InstanceBusy"].retryable
    instance = interface.types["Instance"]
    assert isinstance(instance, Struct)
    assert Nullable(ListOf(Scalar("string"))) == instance.fields["tags"].type
    assert list(interface.types)[:2] == ["Mac", "RebootType"]
    assert Named("Instance") == methods["stop_instance"].args["instance"].type


def test_targets_paths_go_to_the_methods_they_fit() -> None:
    """Methods for a server that have the argument take them; others and `to: []` do not."""
    interface = interface_of(
        "target: {to: [a.host, hosts[1].host]}\n".replace("hosts[1].host", '"hosts[1].host"')
        + "types: {H: {fields: {host: string?}}}\n"
        + 'methods: {both: {call: server, args: {a: H, hosts: "list[H]"}}, one: {cast: server, args: {hosts: "list[H]"}},\n'
        + "  none: {call: any, args: {a: H}}, off: {call: server, to: [], args: {a: H}}}\n"
    )
    paths = {name: [path.text for path in method.to] for name, method in interface.methods.items()}
    assert paths == {
        "both": ["a.host", "hosts[1].host"],
        "one": ["hosts[1].host"],
        "none": [],
        "off": [],
    }
    assert (Index(1), "host") == interface.methods["one"].to[0].steps


def test_imported_types_that_nothing_reaches_are_left_out() -> None:
    """Own ones stay."""
    from rpcgen.idl import load

    interface = load(CASES / "good-diamond" / "input.yaml").interface
    assert interface is not None
    assert list(interface.types) == ["A", "Id", "B"] or {"A", "B", "Id"} == set(interface.types)
    assert list(interface.errors) == ["E"]


def test_structs_are_named_where_only_structs_can_stand() -> None:
    """A base or a payload may be given by an alias; the model has the struct's name."""
    interface = interface_of(
        "types: {A: {fields: {x: int}}, B: A, C: {extends: B}}\nevents: {e: {payload: B}}\n"
    )
    derived = interface.types["C"]
    assert isinstance(derived, Struct)
    assert (derived.extends, interface.events["e"].payload) == ("A", "A")


@pytest.mark.parametrize(
    ("value", "text", "since"),
    [
        ("shelved since 1.2", "shelved", (Version(1, 2),)),
        ("'shelved since 1.2'", "shelved since 1.2", ()),
        ("a = b", "a = b", ()),
        ("a = b since 1.2", "a = b", (Version(1, 2),)),
        ("since", "since", ()),
        ("1.10", "1.10", ()),
        ("long ago since then", "", ()),
    ],
)
def test_enum_values_may_be_dated_unless_they_are_quoted(
    value: str, text: str, since: tuple[Version, ...]
) -> None:
    """`x since 1.2` is a date, and the same in quotes is a value."""
    loaded = loads(PREAMBLE + f"types:\n  A:\n    enum:\n      - {value}\n")
    if loaded.interface is None:
        assert [found.rule for found in loaded.diagnostics] == ["bad-version"]
        assert not text
        return
    enum = loaded.interface.types["A"]
    assert isinstance(enum, Enum)
    assert {text: since} == {name: member.dated.since for name, member in enum.members.items()}


def test_required_newcomers_are_found_through_every_way() -> None:
    """A newer field is fine where everything that leads to it is as new."""
    types = "types: {A: {fields: {b: B? since 1.2}}, B: {fields: {x: int since 1.2}}}\n"
    assert mistakes(types + "methods: {m: {call: any, args: {a: A}}}") == []
    assert mistakes(types + "methods: {m: {call: any, since: '1.3', args: {b: B}}}") == []
    assert mistakes(types + "methods: {m: {call: any, returns: B}}") == []
    assert mistakes(types + "methods: {m: {call: any, args: {b: B}}}") == ["required-field-newer"]
    assert mistakes(types + "methods: {m: {call: any, since: '1.1', args: {b: 'list[B]?'}}}") == [
        "required-field-newer"
    ]


@pytest.mark.parametrize(
    ("text", "expected"), [("6.5", (6, 5)), ("0.0", (0, 0)), ("5.10", (5, 10)), ("6", None)]
)
def test_versions(text: str, expected: tuple[int, int] | None) -> None:
    """Two numbers; one only where a bare major is allowed."""
    assert expected == parse_version(text)
    assert parse_version("6", bare_major=True) == (6, 0)
