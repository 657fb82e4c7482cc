"""The two sides of a comparison as generated code: what their decoders make of a message.

Only what a message needs is generated: its method, error or event, and the types that it leads to.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, cast

import msgspec
from rpcgen.cli._inputs import Read
from rpcgen.cli._matrix.releases import Release, imported
from rpcgen.cli._matrix.stubs import converters
from rpcgen.codegen import resolve
from rpcgen.idl import Interface, Version
from rpcgen.idl.compat import view_at
from rpcgen.idl.compat.change import Root
from rpcgen.idl.model import Error
from rpcgen.idl.resolve import reachable, used_types
from rpcgen.idl.timeline import method_name_at
from rpcgen.runtime.core.codec import JSON, Undecodable
from rpcgen.runtime.core.opaque import OpaqueCodecs
from rpcgen.runtime.core.reading import Reader
from rpcgen.runtime.core.versions.adapter import Adapter
from rpcgen.runtime.core.versions.answers import VersionedReader
from rpcgen.runtime.core.versions.parts import Unsayable
from rpcgen.runtime.core.versions.results import VersionedWriter
from rpcgen.runtime.errors import RpcgenError

Plain = Any
_Reads = Callable[[msgspec.Raw], Any]


class Fails(Exception):
    """A decoder refuses a message.

    Attributes:
        path: the part at fault, such as `order.lines[0].sku`; empty if it is the whole, or nobody says.
    """

    def __init__(self, error: Exception) -> None:
        super().__init__(f"{type(error).__name__}: {error}")
        self.path: str = getattr(error, "path", None) or ""


@dataclass(frozen=True, slots=True)
class Side:
    """The generated code of one file.

    Attributes:
        release: the code.
        view: what the file says of the version that it writes.
        at: the version that its messages have for whoever reads them.
        methods: what is generated of each method, by the names that it has and had.
        errors, events: of each error's fields and each event's payload, by its name.
    """

    release: Release
    view: Interface
    at: Version
    methods: Mapping[str, Any]
    errors: Mapping[str, Any]
    events: Mapping[str, Any]

    @classmethod
    def of(cls, release: Release, view: Interface, at: Version) -> Side:
        """Make a side; there may be thousands of methods, so each is found by its names."""
        table = release.table
        made = {each.name: each for each in table.methods}
        methods: dict[str, Any] = {}
        for method in release.interface.methods.values():
            for name in (method.name, method_name_at(method, at)):
                methods.setdefault(name, made[method.name])
        errors = {each.name: each.fields for each in table.errors}
        events = {each.name: each.payload for each in table.events}
        return cls(release, view, at, methods, errors, events)

    def has(self, root: Root) -> bool:
        """Whether it has what a message is of: the method, the error or the event."""
        return root.name in self._named(root)

    def _named(self, root: Root) -> Mapping[str, Any]:
        match root.reader:
            case "error":
                return self.errors
            case "event":
                return self.events
            case _:
                return self.methods

    def read(self, root: Root, message: Plain) -> Plain:
        """What the decoder makes of a message, plain; raises Fails."""
        return self._plain(self._reader(root), message)

    def written(self, root: Root, message: Plain, reader: Version) -> Plain:
        """A message as this side writes it for a reader's version; raises Fails where it never writes it."""
        table, codecs = self.release.table, OpaqueCodecs()
        if root.reader == "request":
            self.read(root, message)
            return message
        of, data = self._payload(root), msgspec.json.encode(message)
        try:
            if table.clocks:
                VersionedReader(of, table, table.version, codecs, None).read(data, JSON)
                return message
            value = Reader(of, codecs.decode, strict=True).read(data, JSON)
            if root.reader == "event" or table.version == reader:
                return message
            writer = VersionedWriter(of, table, codecs, converters(self.release, "server"))
            lowered = msgspec.json.decode(writer.write(value, JSON, reader))
            # What is null may be left out; nothing else of it was changed.
            return message if _without_nulls(lowered) == _without_nulls(message) else lowered
        except (RpcgenError, Undecodable, RecursionError) as error:
            raise Fails(error) from error
        except Unsayable:
            return message

    def _plain(self, reader: _Reads, message: Plain) -> Plain:
        try:
            value = reader(msgspec.Raw(msgspec.json.encode(message)))
        except (RpcgenError, Undecodable, RecursionError) as error:
            raise Fails(error) from error
        return msgspec.to_builtins(value, enc_hook=_opaque)

    def _reader(self, root: Root) -> _Reads:
        codecs = OpaqueCodecs()
        if root.reader == "request":
            stubs = converters(self.release, "server")
            return Adapter(self.methods[root.name], self.at, JSON, codecs, stubs).read
        stubs = converters(self.release, "client")
        reader = VersionedReader(self._payload(root), self.release.table, self.at, codecs, stubs)
        return lambda data: reader.read(data, JSON)

    def _payload(self, root: Root) -> Any:
        named = self._named(root)[root.name]
        return named.returns if root.reader == "result" else named


def _without_nulls(value: Plain) -> Plain:
    if isinstance(value, dict):
        entries = cast("dict[str, Plain]", value)
        return {key: _without_nulls(each) for key, each in entries.items() if each is not None}
    if isinstance(value, list):
        return [_without_nulls(each) for each in cast("Iterable[Plain]", value)]
    return value


def _opaque(value: Any) -> Any:
    return repr(value)


@contextmanager
def both(
    old: Interface, new: Interface, roots: Iterable[Root]
) -> Generator[tuple[Side, Side], None, None]:
    """Generate and import what some payloads need of both files; nothing is left behind."""
    wanted = list(roots)
    at = old.version
    before = pruned(view_at(old, at), at, wanted)
    after = pruned(new, at, wanted)
    reads = [Read(each, resolve(each)) for each in (before, after)]
    with imported(reads) as releases:
        one, two = sorted(releases, key=lambda release: release.interface is after)
        yield Side.of(one, before, at), Side.of(two, view_at(after, after.version), at)


def pruned(interface: Interface, at: Version, roots: Iterable[Root]) -> Interface:
    """Return what some payloads need of an interface; where messages go is of no concern."""
    names = {(root.reader, root.name) for root in roots}
    methods = {
        key: replace(method, to=(), router=None, topic=None, raises=())
        for key, method in interface.methods.items()
        if {("request", method_name_at(method, at)), ("result", method_name_at(method, at))} & names
        or {("request", method.name), ("result", method.name)} & names
    }
    errors: dict[str, Error] = {}
    waiting = [name for reader, name in names if reader == "error"]
    while waiting:
        error = interface.errors.get(waiting.pop())
        if error is not None and error.name not in errors:
            errors[error.name] = error
            waiting += [error.extends] if error.extends else []
    events = {key: event for key, event in interface.events.items() if ("event", key) in names}
    used = used_types(methods.values(), events.values(), errors.values())
    reached = reachable(used, interface.types)
    target = replace(interface.target, to=(), router=None)
    return replace(
        interface,
        target=target,
        methods=methods,
        errors={name: interface.errors[name] for name in interface.errors if name in errors},
        events=events,
        types={name: type_ for name, type_ in interface.types.items() if name in reached},
        refused_as=None,
        releases={},
    )
