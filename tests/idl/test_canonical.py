"""Fingerprints see what matters and nothing else; contracts say it all."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
from rpcgen.idl import Interface, loads, render
from rpcgen.idl.canonical import canonical, fingerprint, strong_components
from rpcgen.idl.contract import contract

from tests.idl.cases import CASES, HERE

BASE = """rpcgen: 1
interface: demo.api
version: "1.4"
types:
  Id: uuid
  Tree: {fields: {id: Id, left: Tree?, right: Tree?, color: Color}}
  Color: {enum: [red, green]}
  Pair: {fields: {a: int, b: int = 1}}
  Source: {union: {tree: Tree, pair: Pair}}
errors:
  Busy: {fields: {seconds: int?}}
methods:
  get: {call: any, args: {id: Id, source: Source?}, returns: Tree, raises: [Busy]}
  put: {cast: any, args: {pair: Pair}}
events:
  tree.grown: {payload: Tree}
"""


def interface_of(text: str) -> Interface:
    """Return the interface of a text that has no mistakes."""
    loaded = loads(text)
    assert loaded.interface is not None, render(loaded.diagnostics, loaded.sources)
    return loaded.interface


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Tree", "Baum"),
        ("Id: uuid", "Id: uuid\n  Unused: {fields: {x: int}}"),
        ("id: Id", "id: uuid"),
        ("types:\n", "# a comment\ndoc: A doc.\ntypes:\n"),
        ("returns: Tree", "returns: Tree, doc: Gets it., deprecated: true"),
        ("[red, green]", "[green, red]"),
        ("{a: int, b: int = 1}", "{b: {type: int, default: 1, doc: Second.}, a: int}"),
    ],
)
def test_what_means_the_same_has_the_same_fingerprint(old: str, new: str) -> None:
    """Names of types, docs, comments, order, aliases and unused types do not count."""
    assert old in BASE
    changed = BASE.replace(old, new)
    assert canonical(interface_of(BASE)) == canonical(interface_of(changed))
    assert fingerprint(interface_of(BASE)) == fingerprint(interface_of(changed))


def test_equal_structures_are_one() -> None:
    """Another type of the same structure is no difference, also where types contain themselves."""
    twin = BASE.replace("types:\n", "types:\n  Two: {fields: {b: int = 1, a: int}}\n").replace(
        "{pair: Pair}}\n", "{pair: Two}}\n"
    )
    assert "pair: Two" in twin
    assert fingerprint(interface_of(BASE)) == fingerprint(interface_of(twin))
    once = "types: {A: {fields: {next: A?}}}\n"
    twice = "types: {A: {fields: {next: B?}}, B: {fields: {next: A?}}}\n"
    rest = "methods: {m: {call: any, args: {a: A}}}\n"
    head = BASE[: BASE.index("types:")]
    assert fingerprint(interface_of(head + once + rest)) == fingerprint(
        interface_of(head + twice + rest)
    )


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("right: Tree?", "right: Tree? since 1.2"),
        ("b: int = 1", "b: int = 2"),
        ("b: int", "c: int"),
        ("[red, green]", "[red, green, blue]"),
        ("union: {tree", "union: {wood"),
        ("seconds: int?", "seconds: float?"),
        ("Busy", "Late"),
        ("call: any", "call: server"),
        ("tree.grown", "tree.shrunk"),
        ('"1.4"', '"1.5"'),
        ("id: Id,", "id: string,"),
        ("interface: demo.api", "interface: demo.api\nnamespace: null"),
    ],
)
def test_what_means_something_else_has_another_fingerprint(old: str, new: str) -> None:
    """Whatever travels or decides counts."""
    changed = BASE.replace(old, new)
    assert changed != BASE
    assert fingerprint(interface_of(BASE)) != fingerprint(interface_of(changed))


def test_fingerprints_do_not_depend_on_the_process() -> None:
    """Hash seed, locale and folder change nothing."""
    script = (
        "from rpcgen.idl import load; from rpcgen.idl.canonical import fingerprint; from rpcgen.idl.contract import contract; import json\n"
        f"i = load({str(CASES / 'good-forms' / 'input.yaml')!r}).interface; print(fingerprint(i).hex(), json.dumps(contract(i)))"
    )
    outputs: set[str] = set()
    for seed, locale, folder in (
        ("0", "C", "/"),
        ("1", "tr_TR.UTF-8", HERE),
        ("2", "C.UTF-8", HERE.parent),
    ):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "LC_ALL": locale}
        done = subprocess.run(
            [sys.executable, "-c", script],
            env=environment,
            cwd=folder,
            capture_output=True,
            text=True,
            check=True,
        )
        outputs.add(done.stdout)
    assert len(outputs) == 1


def test_contracts_are_json() -> None:
    """What goes in comes out."""
    whole = contract(interface_of(BASE))
    assert whole == json.loads(json.dumps(whole))
    assert whole["types"]["Pair"]["fields"]["b"] == "int = 1"
    assert whole["methods"]["get"]["args"] == {"id": "Id", "source": "Source?"}


def test_components_come_innermost_first() -> None:
    """Loops are one group; what a group needs stands before it."""
    follow = {"a": ["b"], "b": ["c", "a"], "c": ["d"], "d": ["d"], "e": ["a"]}
    assert strong_components(follow) == [["d"], ["c"], ["a", "b"], ["e"]]
