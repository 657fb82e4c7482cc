"""An endpoint of what is kept, which writes a line for every message before it does anything: ticket, attempt, server."""

from __future__ import annotations

import os
import threading
from typing import Any


class Journal:
    """One file for all servers; a line is written at once, so a killed server loses none."""

    def __init__(self, path: str) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def write(self, ticket: str, attempt: int, server: str) -> None:
        os.write(self._file, f"{ticket} {attempt} {server}\n".encode())


def endpoint(keep: Any, journal: Journal, server: str) -> Any:
    """Takes as long as it is told, but at the first attempt only."""

    def order(_: object, ctx: Any, *, ticket: str, seconds: float, fails: int) -> None:
        journal.write(ticket, ctx.attempt, server)
        if ctx.attempt == 1:
            threading.Event().wait(seconds)

    def tell(_: object, ctx: Any, *, ticket: str) -> None:
        journal.write(ticket, ctx.attempt, server)

    def ask(_: object, ctx: Any, *, ticket: str, seconds: float) -> str:
        journal.write(ticket, ctx.attempt, server)
        threading.Event().wait(seconds)
        return server

    methods: dict[str, Any] = {"order": order, "tell": tell, "ask": ask}
    return type("Keep", (keep.KeepEndpoint,), methods)()
