"""The endpoints of order.yaml, in both worlds: they write down what begins and what ends, and wait where a test says so."""

from __future__ import annotations

import asyncio
import threading
from types import ModuleType
from typing import Any

from rpcgen.runtime import Context


class Stairs:
    """What handlers wrote, in order, and what they wait for.

    Attributes:
        notes: `+key.number` when a step begins and `-key.number` when it ends; else what was sent.
        failing: steps that fail once they have begun, such as `a.1`.
        held: keys whose steps do not end before they are taken out.
        blocked, release: `block` has begun; it may return.
    """

    def __init__(self) -> None:
        self.notes: list[str] = []
        self.failing: set[str] = set()
        self.held: set[str] = set()
        self.blocked = threading.Event()
        self.release = threading.Event()

    def of(self, key: str) -> list[str]:
        """What was written about one key."""
        return [note for note in list(self.notes) if note[1:].partition(".")[0] == key]


def whole(key: str, *numbers: int) -> list[str]:
    """What is written if steps are done in order, and each ends before the next begins."""
    return [f"{sign}{key}.{number}" for number in numbers for sign in "+-"]


def endpoint(package: ModuleType, stairs: Stairs, world: str, server: str = "") -> Any:
    """An endpoint of one of the worlds; `server` goes before each note."""

    async def hold(condition: Any) -> None:
        while condition():
            if world == "asyncio":
                await asyncio.sleep(0.002)
            else:
                threading.Event().wait(0.002)

    async def note(ctx: Context, *, text: str) -> None:
        stairs.notes.append(f"{text} {ctx.remaining()}")

    async def block(ctx: Context) -> None:
        stairs.blocked.set()
        await hold(lambda: not stairs.release.is_set())

    async def take(key: str, number: int) -> None:
        stairs.notes.append(f"+{key}.{number}")
        if f"{key}.{number}" in stairs.failing:
            raise RuntimeError(f"no luck with step {number} of {key}")
        await hold(lambda: key in stairs.held)
        stairs.notes.append(f"-{key}.{number}")

    async def step(ctx: Context, *, thing: Any, number: int) -> None:
        await take(server + str(thing and thing.name), number)

    async def climb(ctx: Context, *, name: str, number: int) -> None:
        await take(server + name, number)

    handlers = {
        "block": block,
        "brief": note,
        "lasting": note,
        "step": step,
        "stay": note,
        "climb": climb,
    }
    make, base = (
        (_plain, "OrderEndpoint") if world == "blocking" else (_bound, "AsyncOrderEndpoint")
    )
    methods = {name: make(handler) for name, handler in handlers.items()}
    return type("Stairs", (getattr(package, base),), methods)()


def _bound(handler: Any) -> Any:
    async def method(self: Any, ctx: Context, **arguments: Any) -> None:
        await handler(ctx, **arguments)

    return method


def _plain(handler: Any) -> Any:
    def method(self: Any, ctx: Context, **arguments: Any) -> None:
        asyncio.run(handler(ctx, **arguments))

    return method
