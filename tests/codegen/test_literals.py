"""Literals, docstrings and layout: they mean what they should, and the formatter leaves them alone."""

from __future__ import annotations

import ast
import inspect
import math
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rpcgen.codegen.imports import ImportSet
from rpcgen.codegen.layout import (
    Expr,
    annotated,
    around,
    bracket,
    call,
    header,
    statement,
    subscript,
    tuple_of,
)
from rpcgen.codegen.literals import (
    bytes_literal,
    comment,
    docstring,
    number_literal,
    text_literal,
)

RUFF = Path(sys.executable).with_name("ruff")
NASTY = st.text(st.one_of(st.sampled_from("\"'\\\n\r\t\x0c\x00 {}"), st.characters()), max_size=40)
QUOTES = st.text(st.sampled_from("\"'\\ a\n"), max_size=12)
TEXTS = st.one_of(NASTY, QUOTES)


@settings(max_examples=1000)
@given(TEXTS)
def test_text_literal_is_the_text(text: str) -> None:
    """A text literal evaluates to exactly its text, and is one line of printable characters."""
    literal = text_literal(text)
    assert text == ast.literal_eval(literal)
    assert literal.isprintable()


@settings(max_examples=300)
@given(st.binary(max_size=30))
def test_bytes_literal_is_the_bytes(data: bytes) -> None:
    """So does a bytes literal."""
    assert data == ast.literal_eval(bytes_literal(data))


@settings(max_examples=300)
@given(st.one_of(st.integers(), st.booleans(), st.floats(allow_nan=False, allow_infinity=False)))
def test_number_literal_is_the_number(number: int | float) -> None:
    """And a number's."""
    found = ast.literal_eval(number_literal(number))
    assert (number, type(number)) == (found, type(found))


def test_numbers_without_literal() -> None:
    """Infinities, NaN and ints that are too long for decimal digits are spelled, too."""
    assert math.inf == eval(number_literal(math.inf))
    assert -math.inf == eval(number_literal(-math.inf))
    assert math.isnan(eval(number_literal(math.nan)))
    assert ast.literal_eval(number_literal(10**5000)) == 10**5000
    assert ast.literal_eval(number_literal(-(10**5000))) == -(10**5000)


def test_only_exact_types_are_spelled() -> None:
    """A subclass of str with a `__repr__` of its own gets nowhere."""

    class Text(str):
        __slots__ = ()

        def __repr__(self) -> str:
            return "evil()"

    with pytest.raises(AssertionError):
        text_literal(Text("x"))
    with pytest.raises(AssertionError):
        docstring(Text("x"), "")


@settings(max_examples=1000)
@given(TEXTS.filter(lambda text: text.strip(" \n") != "" and text.strip() != ""))
def test_docstring_is_the_text(text: str) -> None:
    """A docstring holds its text, but for white space at ends of lines and what is no text."""
    module = f"class A:\n{docstring(text, '    ')}\n\n    x = 1\n"
    tree = ast.parse(module)
    found = ast.get_docstring(tree.body[0], clean=False)  # type: ignore[arg-type]
    assert found is not None
    text = text.encode("utf-8", "replace").decode()
    assert "".join(text.split()) == "".join(found.split())
    assert len(tree.body) == 1


def test_docstring_keeps_indentation() -> None:
    """Indented lines stay indented, relative to the rest."""
    text = "Head\n\nList:\n\n  - item\n      deeper"
    found = ast.literal_eval(docstring(text, "        ").strip())
    assert text == inspect.cleandoc(found)


@settings(max_examples=300)
@given(NASTY)
def test_comment_is_one_line(text: str) -> None:
    """A comment never leaves its line."""
    assert ast.dump(ast.parse("")) == ast.dump(ast.parse(f"# {comment(text)}\n"))


def formatted(text: str, width: int) -> str:
    """What ruff makes of a text."""
    done = subprocess.run(
        [RUFF, "format", "--isolated", "--line-length", str(width), "-"],
        input=text.encode(),
        capture_output=True,
        check=True,
    )
    return done.stdout.decode()


@pytest.mark.parametrize("width", [88, 100])
def test_formatter_keeps_literals(width: int) -> None:
    """Ruff would choose the same quotes, escapes and docstring forms."""
    texts: list[str] = []

    @settings(max_examples=400, database=None, derandomize=True)
    @given(TEXTS)
    def collect(text: str) -> None:
        texts.append(text)

    collect()
    lines = ["x = " + text_literal(text) + "\n" for text in texts]
    for number, text in enumerate(texts):
        if text.strip():
            lines.append(f"\n\nclass A{number}:\n{docstring(text, '    ')}\n\n    x = 1\n")
    module = "".join(lines)
    assert module == formatted(module, width)


NAMES = st.integers(1, 60).map(lambda size: "n" * size)
EXPRESSIONS = st.recursive(
    NAMES,
    lambda inner: st.one_of(
        st.builds(lambda name, items: call(name, *items), NAMES, st.lists(inner, max_size=3)),
        st.builds(
            lambda name, items: subscript(name, *items),
            NAMES,
            st.lists(inner, min_size=1, max_size=3),
        ),
        st.lists(inner, max_size=3).map(tuple_of),
        st.lists(inner, max_size=3).map(lambda items: bracket("[", items, "]")),
        st.lists(inner, max_size=3).map(
            lambda items: bracket("{", [around("k: ", item) for item in items], "}")
        ),
    ),
    max_leaves=6,
)
TYPES = st.recursive(
    NAMES,
    lambda inner: st.one_of(
        inner.map(lambda item: subscript("list", item)),
        st.builds(subscript, NAMES, inner, inner),
    ),
    max_leaves=4,
)


def optional(expr: Expr) -> Expr:
    """The type, or None."""
    return around("", expr, " | None")


STATEMENTS = st.one_of(
    EXPRESSIONS.map(lambda expr: statement("x = ", expr)),
    st.builds(annotated, NAMES, TYPES, st.none()),
    st.builds(annotated, NAMES, TYPES, st.one_of(NAMES, EXPRESSIONS)),
    st.builds(annotated, NAMES, TYPES.map(optional), st.one_of(NAMES, EXPRESSIONS)),
    st.builds(lambda expr: "def f():\n" + statement("return ", expr, "    ") + "\n\n", EXPRESSIONS),
    st.builds(
        lambda name, base: (
            statement("", call(f"class {name}", base, "frozen=True", "kw_only=True"), colon=":")
            + "\n    x = 1\n\n"
        ),
        NAMES,
        NAMES,
    ),
    st.builds(
        lambda name, names, result: (
            header(f"def {name}", ["self", *names], f" -> {result}:") + "\n    return x\n\n"
        ),
        NAMES,
        st.lists(NAMES, max_size=3),
        NAMES,
    ),
)


def test_formatter_keeps_layout() -> None:
    """Ruff would break lines where we do, whatever the lengths of names."""
    module: list[str] = []

    @settings(max_examples=600, database=None, derandomize=True)
    @given(STATEMENTS)
    def collect(text: str) -> None:
        module.append("if x:\n    pass\n\n" if not module else "")
        module.append(text + "\n")

    collect()
    text = formatted("".join(module), 88)  # blank lines between are not our matter here
    kept = [part for part in module if part.strip() and part.strip() not in text]
    assert kept == []
    assert text == formatted(text, 100)


def test_imports_are_sorted_like_the_linter_does() -> None:
    """The import header is what the linter would write, for any names."""
    names: list[str] = []

    @settings(max_examples=300, database=None, derandomize=True)
    @given(st.from_regex(r"[A-Za-z][A-Za-z0-9_]{0,6}", fullmatch=True))
    def collect(name: str) -> None:
        names.append(name)

    collect()
    imports = ImportSet()
    for name in names:
        imports.use(".types", f"{name}_")
        imports.use("rpcgen.runtime", f"{name}_")
    imports.use("msgspec", "field", as_="_field")
    imports.use("msgspec", "Struct")
    imports.use("uuid", "UUID")
    imports.use("decimal", "Decimal")
    imports.module("datetime", "dt")
    text = imports.render() + "\n"
    done = subprocess.run(
        [RUFF, "check", "--isolated", "--select", "I", "-"],
        input=text.encode(),
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout.decode()
