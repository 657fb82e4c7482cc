"""The built-in interface `rpcgen.meta` (meta.yaml), served beside the program's own on every topic.

It is described by tables and served by an endpoint like any other; the endpoint works in both worlds, because it
never waits.
"""

from __future__ import annotations

import importlib.resources
import time
from typing import ClassVar

from rpcgen.runtime.context import Context
from rpcgen.runtime.core.dates import dotted
from rpcgen.runtime.core.serving import Serving
from rpcgen.runtime.core.work import State as WorkState
from rpcgen.runtime.descriptor import Interface
from rpcgen.runtime.errors import Draining
from rpcgen.runtime.rpcgen_meta.endpoint import MetaEndpoint
from rpcgen.runtime.rpcgen_meta.types import Health, Served, Spoken, State, Stats


class Introspection(MetaEndpoint):
    """Answers for one server.

    Args:
        describes: whether `describe` tells the interfaces' methods and types.
    """

    _immediate: ClassVar[bool] = True

    def __init__(self, *, describes: bool) -> None:
        self._describes = describes
        self._started = time.monotonic()
        self._serving: Serving | None = None
        self._server = ""

    def attach(self, serving: Serving, server: str) -> None:
        """Say whom to answer for."""
        self._serving = serving
        self._server = server

    def _attached(self) -> Serving:
        if self._serving is None:
            raise Draining("the server has not started")
        return self._serving

    def describe(self, ctx: Context) -> list[Served]:
        """The interfaces, the built-in one left out."""
        return [
            Served(
                name=interface.name,
                namespace=interface.namespace,
                version=dotted(interface.version),
                fingerprint=interface.fingerprint.hex(),
                contract=contract_of(interface) if self._describes else None,
            )
            for interface in self._attached().dispatcher.interfaces
            if interface is not self._interface
        ]

    def versions(self, ctx: Context) -> list[Spoken]:
        """Of every interface, the built-in one left out."""
        return [
            Spoken(
                name=interface.name,
                namespace=interface.namespace,
                versions=[dotted(version) for version in (*interface.serves, interface.version)],
            )
            for interface in self._attached().dispatcher.interfaces
            if interface is not self._interface
        ]

    def health(self, ctx: Context) -> Health:
        """Overloaded means: the next request would be refused."""
        work = self._attached().work
        state = (
            State.DRAINING
            if work.state is not WorkState.OPEN
            else State.OVERLOADED
            if work.full
            else State.OK
        )
        uptime = time.monotonic() - self._started
        return Health(
            server=self._server,
            state=state,
            running=work.running,
            queued=work.queued,
            uptime=uptime,
        )

    def stats(self, ctx: Context) -> Stats:
        """All counters of the server."""
        return Stats(server=self._server, counters=self._attached().counters.snapshot())


def contract_of(interface: Interface) -> str | None:
    """The text of `contract.json` beside a generated package; None where it was not packaged."""
    try:
        return (
            importlib.resources.files(interface.package)
            .joinpath("contract.json")
            .read_text("utf-8")
        )
    except (FileNotFoundError, ModuleNotFoundError, TypeError, ValueError):
        return None
