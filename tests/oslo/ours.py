"""Our side of peer.yaml: an endpoint that does what the hand-written one in programs/peer.py does."""

from __future__ import annotations

import time
from types import ModuleType
from typing import Any

from rpcgen.runtime import Context

from tests.oslo.recorded import PROGRAMS
from tests.packages import import_from

#: Under the name by which both sides of a hand-written program know it.
peer_errors = import_from(PROGRAMS, "peer_errors")


def endpoint(
    package: ModuleType, server: str, noted: Any = None, seen: Any = None, base: str = "LabEndpoint"
) -> Any:
    """An endpoint of the generated class.

    Args:
        package: generated from peer.yaml, or from what is like it; base: its class of endpoints.
        server: what it calls itself.
        noted: is called with the text of every note.
        seen: is called with the context of every call of `where`.
    """

    class Lab(getattr(package, base)):  # type: ignore[misc]
        def echo(self, ctx: Context, *, arg: Any) -> Any:
            return arg

        def nothing(self, ctx: Context) -> None:
            return None

        def fail(self, ctx: Context, *, how: str) -> None:
            if how == "declared":
                raise package.NotFound("no such thing", instance_id="abc")
            if how == "busy":
                raise package.Busy("later")
            if how == "picky":
                raise peer_errors.Picky(1, 2)
            if how == "moved":
                raise peer_errors.NotFound("no such thing", instance_id="abc")
            if how == "result":
                return object()  # type: ignore[return-value]
            if how == "arguments":
                raise peer_errors.NotFound(object(), lock=object())
            if how == "bug":
                raise KeyError("x")
            raise AssertionError(how)

        def slow(self, ctx: Context, *, seconds: float) -> str:
            time.sleep(seconds)
            return "done"

        def where(self, ctx: Context) -> str:
            if seen is not None:
                seen(ctx)
            return server

        def context(self, ctx: Context) -> dict[str, Any]:
            return dict(ctx.fields)

        def note(self, ctx: Context, *, text: str) -> None:
            if noted is not None:
                noted(text)

        def newer(self, ctx: Context, *, more: str | None) -> str:
            return f"newer {more}"

    return Lab()
