"""The two cores on the oslo wire, without a transport between them."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from rpcgen.runtime.context import Context
from rpcgen.runtime.core.answering import Source
from rpcgen.runtime.core.call import Call, Options, Settings, new_call
from rpcgen.runtime.core.calls import Calls
from rpcgen.runtime.core.pins import Shape, resolve
from rpcgen.runtime.core.plan import Plan
from rpcgen.runtime.core.serving import Serving
from rpcgen.runtime.core.settings import ServerSettings
from rpcgen.runtime.core.wires.oslo import OSLO
from rpcgen.runtime.counters import ClientCounters
from rpcgen.runtime.ids import new_id
from rpcgen.runtime.peers import Peer

NOW = 100.0


class ServerCore:
    """A server that is handed payloads, and runs what they ask for at once."""

    def __init__(self, endpoint: Any, **settings: Any) -> None:
        self.answers: list[bytes] = []
        self.contexts: list[Context] = []
        self.serving = Serving([endpoint], ServerSettings(**settings), self._answer)
        self._source = Source(None, OSLO)

    def _answer(self, source: Source, caller: Any, frame: bytes) -> bool:
        self.answers.append(frame)
        return True

    def feed(self, payload: bytes, *, beats: int = 0) -> list[bytes]:
        """Take a request; the answers, after so many beats that came due."""
        self.answers.clear()
        job = self.serving.accept(self._source, "caller", payload, NOW)
        if job is None:
            return list(self.answers)
        self.contexts.append(job.context)
        for beat in range(beats):
            self.serving.tick(NOW + (beat + 1) * (job.request.beat or 0.0))
        try:
            arguments = self.serving.arguments(job, NOW)
            value = job.entry.call(job.context, arguments)
        except Exception as error:
            self.serving.failed(job, error)
        else:
            self.serving.done(job, value)
        self.serving.work.finish(job)
        return list(self.answers)


class ClientCore:
    """A client whose messages go nowhere."""

    def __init__(self, package: ModuleType, *, pin: str | None = None, **settings: Any) -> None:
        self._package = package
        self._settings = Settings(wire=OSLO, **settings)
        version: Any = resolve(pin, package.INTERFACE)
        self._shape = Shape(package.INTERFACE, version)
        self.calls = Calls(new_id, ClientCounters(), OSLO)
        self.peer = Peer("peer")

    def call(
        self, name: str, kind: Any = "call", ambient: Context | None = None, **arguments: Any
    ) -> tuple[Call, bytes]:
        """Send a message; what travels. A call then waits."""
        method = next(each for each in self._package.INTERFACE.methods if each.name == name)
        server = None if kind == "cast" else arguments.pop("server", None)
        call = new_call(
            Plan(method, self._settings, self._shape),
            kind,
            method.args(**arguments),
            None,
            Options(server=server),
            ambient,
            NOW,
        )
        if kind == "cast":
            return call, self.calls.cast(call, self.peer, NOW)
        return call, self.calls.open(call, self.peer, NOW)

    def receive(self, payload: bytes, now: float = NOW) -> list[Call]:
        """Take an answer; the calls that it ends."""
        return self.calls.receive(self.peer, payload, now)
