"""The language's reference is true: every example on it compiles."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from rpcgen.idl import load, render
from rpcgen.idl.grammar import EVENT, FILE, MEMBER, METHOD
from rpcgen.idl.shape import Shape
from rpcgen.idl.typetext import SCALARS

from tests.idl.cases import write_example

PAGE = (Path(__file__).parents[2] / "docs" / "language.md").read_text(encoding="utf-8")
EXAMPLES: list[str] = re.findall(r"^```yaml\n(.*?)^```$", PAGE, re.S | re.M)


@pytest.mark.parametrize("example", EXAMPLES, ids=range(len(EXAMPLES)))
def test_examples_compile(example: str, tmp_path: Path) -> None:
    """Each is a whole file without mistakes."""
    assert example.startswith("rpcgen: 1\n")
    loaded = load(write_example(example, tmp_path))
    assert not loaded.diagnostics, render(loaded.diagnostics, loaded.sources)


@pytest.mark.parametrize("shape", [FILE, METHOD, MEMBER, EVENT], ids=lambda shape: shape.what[:12])
def test_every_key_is_described(shape: Shape) -> None:
    """No key of the table is missing on the page."""
    assert shape.keys is not None
    assert [key for key in shape.keys if f"`{key}`" not in PAGE and f"{key}:" not in PAGE] == []
    assert [name for name in SCALARS if f"| `{name}` |" not in PAGE] == []
