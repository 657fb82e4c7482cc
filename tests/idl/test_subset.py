"""Which older types hold nothing that the next one does not, so that no program has to convert."""

from __future__ import annotations

import pytest
from rpcgen.idl import loads, render

from tests.idl.cases import PREAMBLE

TYPES = """types:
  Id: {type: string, size: 1..8}
  Word: string
  Number: int
  Small: {type: int, max: 10}
  Color: {enum: [red, green]}
  Open: {open: true, enum: [red, green]}
  Shade: {enum: [red, green, blue]}
  Point: {fields: {x: int}}
  Spot: {fields: {x: int}}
  Shape: {union: {point: Point}}
  Blob: {opaque: true}
"""


def converted(older: str, newer: str) -> bool:
    """Return whether an argument that was one thing until 1.2 and is another now needs the program."""
    text = f"{TYPES}methods:\n  m:\n    call: any\n    args:\n      a: {{{newer}, was_type: {{'1.2': {older}}}}}\n"
    loaded = loads(PREAMBLE + text)
    assert loaded.interface is not None, render(loaded.diagnostics, loaded.sources)
    (was,) = loaded.interface.methods["m"].args["a"].was_type.values()
    return was.converted


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        ("int", "type: float"),
        ("Number", "type: float"),
        ("{type: int, min: 1}", "type: float, min: 0"),
        ("string", "type: string?"),
        ("string", "type: string, default: x"),
        ("string", "type: string?, default: x"),
        ("string = y", "type: string"),
        ("string? = y", "type: string"),
        ("string? = y", "type: string, default: x"),
        ("int", "type: any"),
        ("int?", "type: any"),
        ("Point", "type: any"),
        ("'list[int]?'", "type: any?"),
        ("Color", "type: string"),
        ("Color", "type: string, size: 3..5"),
        ("Color", "type: string?, pattern: '^[a-z]+$'"),
        ("Open", "type: string"),
        ("Id", "type: string"),
        ("Id", "type: string, size: ..16"),
        ("Small", "type: int"),
        ("Small", "type: Number, max: 10, default: 3"),
        ("{type: int, min: 3, max: 5}", "type: int, min: 1, max: 7"),
        ("{type: string, pattern: '^a'}", "type: string"),
        ("{type: string, pattern: '^a', size: ..4}", "type: string, pattern: '^a'"),
        ("{type: 'list[int]', unique: true}", "type: 'list[int]'"),
        ("{type: 'list[int]', size: 2..4}", "type: 'list[float]', size: 1.."),
        ("'list[Color]'", "type: 'list[string?]'"),
        ("'map[string, int]'", "type: 'map[string, any]'"),
        ("'map[Id, int]'", "type: 'map[string, float]'"),
    ],
)
def test_wider_types_need_no_converter(older: str, newer: str) -> None:
    """Every value of the older type is one of the newer."""
    assert not converted(older, newer)


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        ("float", "type: int"),
        ("string?", "type: string"),
        ("string?", "type: string, default: x"),
        ("any", "type: string"),
        ("any", "type: string?"),
        ("string", "type: Color"),
        ("Color", "type: Shade"),
        ("Color", "type: Open"),
        ("Color", "type: string, size: 4.."),
        ("Open", "type: string, size: ..8"),
        ("uuid", "type: string"),
        ("date", "type: datetime"),
        ("int", "type: decimal"),
        ("bool", "type: int"),
        ("int", "type: bool"),
        ("string", "type: Id"),
        ("int", "type: Small"),
        ("Small", "type: int, max: 9"),
        ("{type: string, pattern: '^a'}", "type: string, pattern: '^b'"),
        ("'list[int]'", "type: 'list[int]', unique: true"),
        ("'list[int?]'", "type: 'list[int]'"),
        ("'list[float]'", "type: 'list[int]'"),
        ("int", "type: 'list[int]'"),
        ("'map[string, int]'", "type: 'map[Id, int]'"),
        ("'map[string, any]'", "type: Point"),
        ("Point", "type: Spot"),
        ("Point", "type: Shape"),
        ("Blob", "type: 'map[string, any]'"),
        ("'map[string, any]'", "type: Blob"),
    ],
)
def test_other_types_need_a_converter(older: str, newer: str) -> None:
    """Some value of the older type is none of the newer, or is another thing to the program."""
    assert converted(older, newer)


def test_each_older_type_is_compared_with_the_next() -> None:
    """What a field was long ago leads to what it was later, and that to what it is."""
    text = (
        "methods: {m: {call: any, args: {a: {type: string?, "
        "was_type: {'1.1': int, '1.2': float, '1.3': string}}}}}\n"
    )
    loaded = loads(PREAMBLE + text)
    assert loaded.interface is not None
    was = loaded.interface.methods["m"].args["a"].was_type
    assert [older.converted for older in was.values()] == [False, True, False]
