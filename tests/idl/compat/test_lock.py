"""What is kept of a release is all that counts, in one layout, and says when somebody changed it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from rpcgen.idl import Interface, load
from rpcgen.idl.canonical import fingerprint
from rpcgen.idl.compat import compare
from rpcgen.idl.compat.lock import Unreadable, digest_of, lock_text, read_lock

from tests.idl.cases import CASES
from tests.idl.compat.cases import interface_of

ROOT = Path(__file__).parents[3]
FILES = sorted([*ROOT.glob("generated_examples/*/*.yaml"), *CASES.glob("*/input.yaml")])


def _valid() -> list[tuple[str, Interface]]:
    loaded = [(path.parent.name, load(path).interface) for path in FILES]
    return [(name, interface) for name, interface in loaded if interface is not None]


@pytest.mark.parametrize(
    ("name", "interface"), _valid(), ids=lambda value: value if isinstance(value, str) else ""
)
def test_nothing_that_counts_is_lost(name: str, interface: Interface) -> None:
    """A release that is read again is equal to the file, both ways, and is written as before."""
    text = lock_text(interface)
    kept = read_lock(text, "kept.json")
    assert kept.intact
    assert kept.sha256 == digest_of(interface)
    assert lock_text(kept.interface) == text
    assert compare(kept.interface, interface).findings == ()
    assert compare(interface, kept.interface).findings == ()
    assert fingerprint(kept.interface) == fingerprint(interface)


BODY = """types:
  Item: {fields: {id: int, note: string?}}
methods:
  get: {call: any, args: {id: int}, returns: Item}
  put: {cast: any, args: {item: Item}}
"""


def test_what_does_not_count_leaves_no_trace() -> None:
    """Docs, order and comments change no text; names of types do."""
    other = """doc: A doc.
methods:
  put: {cast: any, doc: Puts., args: {item: Item}}
  get: {call: any, args: {id: int}, returns: Item}
types:
  Item: {fields: {note: {type: string?, doc: A note.}, id: int}}
"""
    text = lock_text(interface_of(BODY, "1.0"))
    assert lock_text(interface_of(other, "1.0")) == text
    assert lock_text(interface_of(BODY.replace("Item", "Thing"), "1.0")) != text


def test_one_part_stands_on_one_line() -> None:
    """People review releases line by line, and so do tools that merge."""
    lines = lock_text(interface_of(BODY, "1.0")).splitlines()
    assert '     "note": {"type": "string?"}' in lines
    assert '     "item": {"type": "Item"}' in lines


def test_the_digest_is_of_the_content() -> None:
    """Another layout is as good; another content is not."""
    text = lock_text(interface_of(BODY, "1.0"))
    assert read_lock(json.dumps(json.loads(text)), "x").intact
    assert not read_lock(text.replace('"string?"', '"string"'), "x").intact


@pytest.mark.parametrize(
    "text", ["", "[]", "1", '{"format": 1}', '{"format": 1, "interface": "a.b", "version": "x"}']
)
def test_what_is_no_release(text: str) -> None:
    """Anything else is refused with a reason."""
    with pytest.raises(Unreadable):
        read_lock(text, "x")
