"""One file running: its generated code, a server of it, and clients with any pin. What a call comes to is an `Outcome`."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import msgspec
from msgspec import Raw
from rpcgen.idl.model import Interface, Kind, Method
from rpcgen.idl.resolve import error_fields
from rpcgen.idl.version import Version
from rpcgen.runtime import DeclaredError, RpcgenError
from rpcgen.runtime.blocking.transport import Transport
from rpcgen.runtime.core.calls import Calls
from rpcgen.runtime.core.codec import MSGPACK
from rpcgen.runtime.core.envelope import Failure, Reply, Request
from rpcgen.runtime.core.wires.native import NativeWire
from rpcgen.runtime.ids import new_id

from tests.versions.fleet import Served
from tests.versions.histories import Release
from tests.versions.product import Package, Plain, compile_release, forget, pair, plain
from tests.versions.reference.dates import exists

#: How messages travel: as generated code writes them, as events, or with parts left out.
Way = Literal["usual", "event", "sparse"]

_NUMBERS = itertools.count()


@dataclass(frozen=True)
class Outcome:
    """What a call came to.

    Attributes:
        error: what the client raised, if it was none of the interface's own errors.
        seen: the arguments that the handler got; None if it did not run.
        told: what the caller got: a result, or a declared error's name and fields.
    """

    error: RpcgenError | None = None
    seen: dict[str, Plain] | None = None
    told: Plain = None


class Sparse(NativeWire):
    """A wire of peers that write less: some fields are left out of all messages.

    Generated code writes all that is as old as what it belongs to. Other programs need not: absent is null, or the default.

    Attributes:
        without: the numbers of the fields.
    """

    __slots__ = ("without",)

    without: frozenset[str]

    def write_request(self, request: Request) -> bytes:
        """Arguments, without some."""
        return super().write_request(_replace(request, body=self._less(request.body)))

    def understand(self, call: Any, read: Any) -> Any:
        """A result or a declared error, without some fields."""
        has_body = isinstance(read, (Reply, Failure))
        return _replace(read, body=self._less(read.body)) if has_body else read

    def _less(self, body: Any) -> Raw:
        return Raw(MSGPACK.encode(self._some(MSGPACK.untyped(Raw(body)))))

    def _some(self, value: Plain) -> Plain:
        if isinstance(value, dict):
            return {
                key: self._some(each)
                for key, each in value.items()
                if number_of(str(key)) not in self.without
            }
        return [self._some(each) for each in value] if isinstance(value, list) else value


class AsEventsDo(Sparse):
    """A wire on which nobody tells which version they know, as with events: nothing is written or read otherwise."""

    __slots__ = ()

    def write_request(self, request: Request) -> bytes:
        """The reader seems to know everything."""
        return super().write_request(_replace(request, reader=99))

    def understand(self, call: Any, read: Any) -> Any:
        """The writer seems to be as old as the reader."""
        read = super().understand(call, read)
        return _replace(read, minor=None) if isinstance(read, Reply) else read


class Road(Transport):
    """A transport that speaks another wire."""

    def __init__(self, url: str, wire: Sparse) -> None:
        super().__init__(url)
        self.wire = wire
        self._calls = Calls(new_id, self.counters, wire)


def _replace(struct: Any, **changes: Any) -> Any:
    return msgspec.structs.replace(struct, **changes)


class Side:
    """A file, compiled and served."""

    def __init__(self, interface: Interface, directory: Path) -> None:
        number = next(_NUMBERS)
        self.interface = interface
        self._unique = f"verdicts_{number}"
        release = Release(interface.version, "", interface)
        self.package: Package = compile_release(release, directory, self._unique)
        self.served = Served(self.package, f"memory://verdicts-{number}")
        self.served.start()
        self.converters = self.package.converters("client")
        self._clients: dict[Any, Any] = {}
        self._wires: dict[Way, Sparse] = {"event": AsEventsDo(MSGPACK), "sparse": Sparse(MSGPACK)}
        self._ways: dict[Way, Transport] = {
            way: Road(self.served.url, wire) for way, wire in self._wires.items()
        }
        self._ways["usual"] = self.served.transport
        self.leave_out(frozenset())

    def leave_out(self, numbers: frozenset[str]) -> None:
        """What is not said on this server's sparse ways from now on."""
        for wire in self._wires.values():
            wire.without = numbers

    def close(self) -> None:
        """Stop everything."""
        for way in self._wires:
            self._ways[way].close()
        self.served.stop()
        forget(self._unique)

    @cached_property
    def methods(self) -> dict[str, Method]:
        """Methods of the newest version, by what stays the same when they are renamed."""
        at = self.interface.version
        living = (m for m in self.interface.methods.values() if exists(m.dated, at))
        return {number_of(method.name): method for method in living}

    def client(self, server: Side, pin: Version | None, way: Way = "usual") -> Any:
        """A client of this file for another one's server."""
        key = id(server), pin, way
        if key not in self._clients:
            make = self.package.module.HistoryClient
            self._clients[key] = make(server._ways[way], pin=pair(pin), converters=self.converters)
        return self._clients[key]

    def answers(self, method: Method, value: Plain) -> Any:
        """A handler's answer as a typed value; `(name, fields)` is an error."""
        if isinstance(value, tuple):
            name, given = value
            fields = error_fields(self.interface.errors[name], self.interface.errors)
            return getattr(self.package.module, name)(
                "so it is", **self.package.keywords(fields, given)
            )
        return None if method.returns is None else self.package.typed(value, method.returns)

    def raised(self, error: DeclaredError) -> Plain:
        """A declared error as its catcher sees it."""
        name = type(error).__name__
        fields = error_fields(self.interface.errors[name], self.interface.errors)
        return name, {
            field: plain(getattr(error, field)) for field in fields if hasattr(error, field)
        }


def ask(
    writer: Side,
    pin: Version | None,
    server: Side,
    method: Method,
    kind: Kind,
    arguments: dict[str, Plain],
    answer: Any,
    way: Way = "usual",
) -> Outcome:
    """Send one message from a client of one file to a server of another one."""
    served = server.served
    served.forget()
    served.answer = answer
    client = writer.client(server, pin, way)
    if next(route.to for route in method.routes if route.kind == kind) == "server":
        client = client.prepare(server="host")
    send = getattr(client, writer.package.client_method(method, kind))
    keywords = writer.package.keywords(method.args, arguments)
    if kind == "cast":
        return _cast(served, lambda: send(**keywords))
    try:
        told: Plain = plain(send(**keywords))
        error: RpcgenError | None = None
    except DeclaredError as raised:
        told, error = writer.raised(raised), None
    except RpcgenError as raised:
        told, error = None, raised
    seen = None if served.handled.empty() else served.handled.get_nowait().arguments
    return Outcome(error, seen, told)


def _cast(served: Served, send: Callable[[], object]) -> Outcome:
    before = served.refused
    try:
        send()
    except RpcgenError as raised:
        return Outcome(raised)
    handled = served.outcome_of_cast(before)
    return Outcome(seen=None if handled is None else handled.arguments)


def number_of(name: str) -> str:
    """What stays the same when something is renamed."""
    return name.rpartition("_")[2]
