"""The language's reference is true: every example on it compiles."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from rpcgen.idl import load, render
from rpcgen.idl.grammar import ENVELOPE, EVENT, FILE, FORM, MEMBER, METHOD, OLDER_TYPE
from rpcgen.idl.rules import rules
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


@pytest.mark.parametrize(
    "shape",
    [FILE, METHOD, FORM, MEMBER, OLDER_TYPE, EVENT, ENVELOPE],
    ids=lambda shape: shape.what[:12],
)
def test_every_key_is_described(shape: Shape) -> None:
    """No key of the table is missing on the page."""
    assert shape.keys is not None
    assert [key for key in shape.keys if f"`{key}`" not in PAGE and f"{key}:" not in PAGE] == []
    assert [name for name in SCALARS if f"| `{name}` |" not in PAGE] == []


def test_every_link_leads_somewhere() -> None:
    """A reference inside the page names one of its headings."""
    headings = re.findall(r"^#+ (.+)$", PAGE, re.M)
    anchors = {re.sub(r"[^a-z0-9 -]", "", text.lower()).replace(" ", "-") for text in headings}
    assert set(re.findall(r"\]\(#([^)]+)\)", PAGE)) <= anchors


def test_rules_that_the_page_names_exist() -> None:
    """`rpcgen explain` knows them."""
    named = re.findall(r"`([a-z]+(?:-[a-z]+)+)`", PAGE)
    assert [code for code in named if code not in rules()] == []
