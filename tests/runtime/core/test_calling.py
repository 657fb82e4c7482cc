"""How a handler gets its arguments."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from rpcgen.runtime.context import Context
from rpcgen.runtime.core.calling import calling


class Arguments(msgspec.Struct):
    first: int
    second: str = "none"
    handler: int = 0
    context: int = 0
    arguments: int = 0


CONTEXT = Context("r1")


def test_arguments_are_given_by_name() -> None:
    """In whatever order the handler has them, and whatever they are called."""

    def handle(ctx: Context, *, second: str, arguments: int, **others: int) -> object:
        return ctx, second, arguments, others

    given = Arguments(1, "two", 3, 4, 5)
    expected = (CONTEXT, "two", 5, {"first": 1, "handler": 3, "context": 4})
    assert calling(handle, Arguments)(CONTEXT, given) == expected


def test_no_arguments() -> None:
    assert calling(lambda ctx: ctx, msgspec.defstruct("Empty", []))(CONTEXT, object()) is CONTEXT


@pytest.mark.parametrize("name", ["class", "größe", "ﬁnd"])
def test_names_that_code_cannot_spell_or_changes(name: str) -> None:
    """They come as they are."""
    struct: Any = msgspec.defstruct("Odd", [(name, int)])
    call = calling(lambda ctx, **given: given, struct)
    assert call(CONTEXT, struct(5)) == {name: 5}
