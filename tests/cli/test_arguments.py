"""Arguments on the command line become values by the types of a contract."""

from __future__ import annotations

from typing import Any

import pytest
from rpcgen.cli._arguments import read_arguments
from rpcgen.cli._contract import Contract, read_contract
from rpcgen.cli._exit import Failure
from rpcgen.idl import loads
from rpcgen.idl.contract import contract

TEXT = """
rpcgen: 1
interface: lab.types
version: "1.2"
target: {exchange: lab, topic: types}
types:
  Name: string
  Size: int?
  Mood: {enum: [good, bad]}
  Blob: {fields: {data: bytes, next: Blob?}}
  Thing: {union: {blob: Blob, name: string, marks: "map[int, bytes] since 1.1"}}
methods:
  go:
    call: any
    args:
      flag: bool?
      count: int?
      ratio: float?
      text: string?
      key: uuid?
      price: decimal?
      data: bytes?
      wait: duration?
      name: Name?
      size: Size
      mood: Mood?
      blob: Blob?
      thing: Thing?
      names: list[Name]?
      blobs: list[Blob]?
      by_number: map[int, bytes]?
      free: any
      dated: string? since 1.1
"""


@pytest.fixture(scope="module")
def types() -> Contract:
    """A contract with a method that takes every kind of argument."""
    interface = loads(TEXT).interface
    assert interface is not None
    return read_contract(contract(interface))


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("flag=true", True),
        ("count=-3", -3),
        ("ratio=0.5", 0.5),
        ("text=12", "12"),
        ("text=", ""),
        ("text=a=b", "a=b"),
        ("text=null", None),
        ("key=5f3c1a52-9c1b-4ab3-9d9c-0f4b6f0f3f10", "5f3c1a52-9c1b-4ab3-9d9c-0f4b6f0f3f10"),
        ("price=1.10", "1.10"),
        ("data=aGk=", b"hi"),
        ("wait=90s", "PT90S"),
        ("wait=1.5h", "PT5400S"),
        ("wait=2", "PT2S"),
        ("wait=PT1M", "PT1M"),
        ("wait=soon", "soon"),
        ("name=12", "12"),
        ("size=4", 4),
        ("mood=good", "good"),
        (
            'blob={"data": "aGk=", "next": {"data": "", "next": null}}',
            {"data": b"hi", "next": {"data": b"", "next": None}},
        ),
        ('thing={"blob": {"data": "aGk="}}', {"blob": {"data": b"hi"}}),
        ('thing={"marks": {"7": "aGk="}}', {"marks": {7: b"hi"}}),
        ('names=["a", "b"]', ["a", "b"]),
        ('blobs=[{"data": "aGk="}]', [{"data": b"hi"}]),
        ('by_number={"7": "aGk="}', {7: b"hi"}),
        ("free=[1]", [1]),
        ("free=hello", "hello"),
        ("dated=x", "x"),
    ],
)
def test_a_pair_is_read_by_its_type(types: Contract, word: str, value: Any) -> None:
    """Text is taken as it is, the rest as JSON, bytes as base64."""
    name = word.partition("=")[0]
    assert {name: value} == read_arguments(types, types.methods["go"], [word])


def test_one_json_object_holds_all(types: Contract) -> None:
    """A JSON object is read by the same types."""
    assert read_arguments(types, types.methods["go"], [r'{"text": "\ud83d\ude00"}']) == {
        "text": "😀"
    }
    word = '{"data": "aGk=", "count": 1, "price": 1.5, "wait": 0.5}'
    expected = {"data": b"hi", "count": 1, "price": "1.5", "wait": "PT0.5S"}
    assert expected == read_arguments(types, types.methods["go"], [word])


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["cuont=1"], "go has no argument 'cuont'; did you mean 'count'?"),
        (["zzzzzz=1"], "it takes: flag, count"),
        (["count"], "'count' is not name=value"),
        (["count=many"], "argument 'count' is 'many', expected int?"),
        (["names=a"], "argument 'names' is 'a', expected list[Name]? as JSON"),
        (["blob=a"], "argument 'blob' is 'a', expected Blob? as JSON"),
        (["count=1", "count=2"], "argument 'count' is given twice"),
        (["data=!"], "argument 'data' is no base64 text"),
        (["data=ä"], "argument 'data' is no base64 text"),
        (['by_number={"--5": ""}'], "argument 'by_number' has the key '--5', expected int"),
        (['by_number={"٣": ""}'], "argument 'by_number' has the key '٣', expected int"),
        (['by_number={"01": "", "1": ""}'], "argument 'by_number' has the key '01', expected int"),
        (['{"by_number": {"": ""}}'], "argument 'by_number' has the key '', expected int"),
        (["free=" + "[" * 50_000], "argument 'free' is nested too deeply"),
        (["names=" + "[" * 50_000], "argument 'names' is nested too deeply"),
        (['{"free": ' + "[" * 50_000], "the arguments are nested too deeply"),
        (["blob=" + '{"next": ' * 900 + "{}" + "}" * 900], "argument 'blob' is nested too deeply"),
        (["{"], "the arguments: '{' is no JSON"),
        (['{"count": 1, "count": 2}'], "the arguments have the key 'count' twice"),
        (['{"free": [{"a": 1, "b": 2, "b": 2}]}'], "the arguments have the key 'b' twice"),
        (['blob={"data": "", "data": ""}'], "argument 'blob' has the key 'data' twice"),
        (['free={"a": 1, "a": 2}'], "argument 'free' has the key 'a' twice"),
        (["text=\udcff"], r"'text=\udcff' is not UTF-8; expected name=value, or one JSON object"),
        (['{"text": "\udcff"}'], "is not UTF-8; expected name=value, or one JSON object"),
        (
            ['{"text": "\\ud800"}'],
            r"the arguments have half of a surrogate pair (\ud800 to \udfff)",
        ),
        ([r'names=["\udfff"]'], "argument 'names' has half of a surrogate pair"),
        ([r'free="\udfff"'], "argument 'free' has half of a surrogate pair"),
    ],
)
def test_a_mistake_says_what_and_where(types: Contract, words: list[str], message: str) -> None:
    """What cannot be read names the argument, and the nearest known one."""
    with pytest.raises(Failure) as caught:
        read_arguments(types, types.methods["go"], words)
    assert message in caught.value.message
