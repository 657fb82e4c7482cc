"""Methods of classes that exist for blocking and for asyncio code, and differ in a few words."""

from __future__ import annotations

from typing import NamedTuple

from rpcgen.codegen.layout import Expr, call, header, statement
from rpcgen.codegen.view.structs import INDENT

BODY = INDENT * 2


class World(NamedTuple):
    """The words that differ between blocking and asyncio code."""

    prefix: str
    define: str
    wait: str
    people: str


BLOCKING = World("", "def", "", "threads")
ASYNCIO = World("Async", "async def", "await ", "asyncio")
WORLDS = (BLOCKING, ASYNCIO)


class MethodView(NamedTuple):
    """A method: its head, its docstring and its one statement (nothing if it is abstract)."""

    head: str
    doc: str
    statement: str


class Signature(NamedTuple):
    """A method of either world, before it is laid out.

    Attributes:
        function: what is called to do the work; nothing for a handler.
        passed: what that is given.
    """

    name: str
    parameters: tuple[Expr, ...]
    result: str
    doc: str
    function: str = ""
    passed: tuple[Expr, ...] = ()

    def to(self, world: World) -> MethodView:
        """The method in one world."""
        head = header(f"{world.define} {self.name}", self.parameters, f" -> {self.result}:", INDENT)
        if not self.function:
            return MethodView(head, self.doc, "")
        body = statement(f"return {world.wait}", call(self.function, *self.passed), BODY)
        return MethodView(head, self.doc, body)
