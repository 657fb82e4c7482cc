"""Lint and fmt take time in proportion to a file's length."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from rpcgen.idl import loads
from rpcgen.idl.fmt.format import formatted
from rpcgen.idl.lint.rule import chosen
from rpcgen.idl.lint.run import lint

from tests.idl.pace import times_as_long


def interface(methods: int) -> str:
    """An interface whose types form one long chain, with a comment on every line."""
    types = [f"  T{n}: {{fields: {{a: int, next: T{n + 1}?}}}}  # {n}\n" for n in range(methods)]
    calls = [
        f"  m{n}: {{call: any, args: {{x: T{n}}}, returns: T{n}}}  # rpcgen: ignore[any-used] x\n"
        for n in range(methods)
    ]
    head = 'rpcgen: 1\ninterface: demo.big\nversion: "1.0"\n\n'
    last = f"  T{methods}: {{fields: {{}}}}\n"
    return f"{head}types:\n{''.join(types)}{last}\nmethods:\n{''.join(calls)}"


def run_lint(text: str) -> Callable[[], object]:
    loaded = loads(text)
    assert loaded.interface is not None
    found = loaded.interface
    return lambda: lint(found, loaded.sources, chosen("strict"))


def run_fmt(text: str) -> Callable[[], object]:
    return lambda: formatted(text)


@pytest.mark.parametrize("make", [run_lint, run_fmt])
def test_four_times_as_long_takes_about_four_times_as_long(
    make: Callable[[str], Callable[[], object]],
) -> None:
    """Ten times is the limit; something quadratic takes sixteen."""
    short, long = make(interface(200)), make(interface(800))
    assert times_as_long(long, short, 10) < 10
