"""From a request to a handler: the gate (LANGUAGE V1, V2).

The table is built once from the interfaces' descriptors and the endpoints' handlers; text from the wire only ever
looks things up in it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from inspect import isabstract
from typing import Any

from rpcgen.runtime.core.dates import dotted
from rpcgen.runtime.core.entry import Entry, version_error
from rpcgen.runtime.core.envelope import Request
from rpcgen.runtime.core.opaque import OpaqueCodecs
from rpcgen.runtime.core.versions.converters import check_converters
from rpcgen.runtime.descriptor import Interface, Method
from rpcgen.runtime.endpoint import AsyncEndpoint, Endpoint, Served
from rpcgen.runtime.errors import (
    ConfigurationError,
    InterfaceClash,
    MethodNotInVersion,
    Rejected,
    UnknownMethod,
    UnknownNamespace,
    VersionRejected,
)


class Dispatcher:
    """The table of all that a server serves."""

    __slots__ = ("_makers", "_older", "_table", "interfaces")

    def __init__(
        self,
        endpoints: Sequence[Served],
        codecs: OpaqueCodecs,
        converters: Sequence[object] = (),
        *,
        debug: bool,
    ) -> None:
        self.interfaces: list[Interface] = []
        self._table: dict[str | None, dict[str, Entry]] = {}
        #: What is not in the table before a message asks for it, so that large interfaces start quickly.
        self._makers: dict[tuple[str | None, str], Callable[[], Entry]] = {}
        #: Methods by the names that only their older forms have.
        self._older: dict[tuple[str | None, str], list[Method[Any, Any]]] = {}
        owners: dict[tuple[str | None, str], Served] = {}
        for endpoint in endpoints:
            interface = interface_of(endpoint)
            self.interfaces.append(interface)
            own = converters_of(interface, converters)
            self._table.setdefault(interface.namespace, {})
            for method in interface.methods:
                for name in {method.name, *(form.name or method.name for form in method.forms)}:
                    _claim(owners, endpoint, name)
                    if name != method.name:
                        self._older.setdefault((interface.namespace, name), []).append(method)
                make = _maker(endpoint, method, codecs, own, debug=debug)
                self._makers[interface.namespace, method.name] = make
        check_all_used(converters, self.interfaces)

    def entry(self, request: Request) -> Entry:
        """The method that a request asks for, if this server serves it at the request's version.

        Raises:
            Rejected: the kind says which part is unknown or unsupported.
        """
        methods = self._table.get(request.namespace)
        if methods is None:
            raise UnknownNamespace(
                f"this server has no interface in namespace {_shown(request.namespace)}"
            )
        entry = methods.get(request.method)
        if (
            entry is not None
            and request.major == entry.major
            and entry.settled <= request.minor <= entry.minor
            and request.how in entry.hows
        ):
            return entry
        if entry is None and self._made(request.namespace, request.method) is not None:
            return self.entry(request)
        return self._other_version(request, entry)

    def _made(self, namespace: str | None, name: str) -> Entry | None:
        """The entry of a method, which is made if it was not used before; None if there is no such method."""
        methods = self._table[namespace]
        make = self._makers.get((namespace, name))
        if make is not None:
            methods[name] = make()
            del self._makers[namespace, name]
        return methods.get(name)

    def _other_version(self, request: Request, entry: Entry | None) -> Entry:
        """The entry of a message of another version than the newest; raises Rejected."""
        namespace = request.namespace
        older = self._older.get((namespace, request.method), ())
        others = [self._made(namespace, method.name) for method in older]
        candidates = [each for each in (entry, *others) if each is not None]
        if not candidates:
            raise self._unknown(request)
        refusals: list[Rejected] = []
        for candidate in candidates:
            error = candidate.refusal(request)
            if error is None:
                return candidate
            refusals.append(error)
        raise next((e for e in refusals if not isinstance(e, MethodNotInVersion)), refusals[0])

    def _unknown(self, request: Request) -> Rejected:
        error: VersionRejected | None = None
        for interface in self.interfaces:
            if interface.namespace == request.namespace:
                error = version_error(interface, request)
                if error is None:
                    return UnknownMethod(
                        f"{interface.name} {dotted(interface.version)} has no method {_shown(request.method)}"
                    )
        return error or UnknownMethod(f"no method {_shown(request.method)}")


def interface_of(endpoint: Served) -> Interface:
    """The descriptor of the interface that an endpoint serves; raises ConfigurationError if it is no endpoint."""
    if not isinstance(endpoint, (Endpoint, AsyncEndpoint)):
        hint = ", an instance of it is" if isinstance(endpoint, type) else ""
        raise ConfigurationError(
            f"{endpoint!r} is no endpoint; expected an instance of a generated endpoint class{hint}"
        )
    if isabstract(type(endpoint)):
        raise AssertionError("unexpected instance of an abstract class")
    return endpoint._interface  # pyright: ignore[reportPrivateUsage] - the generated class's table


def _claim(owners: dict[tuple[str | None, str], Served], endpoint: Served, name: str) -> None:
    interface = interface_of(endpoint)
    owner = owners.setdefault((interface.namespace, name), endpoint)
    if owner is endpoint:
        return
    where = (
        f"namespace {interface.namespace!r}"
        if interface.namespace is not None
        else "the null namespace"
    )
    raise InterfaceClash(
        f"{interface_of(owner).name} and {interface.name} both claim {name!r} in {where}"
    )


def converters_of(interface: Interface, converters: Sequence[object]) -> object:
    """The program's converters for one interface; raises ConfigurationError if it needs some and has none."""
    wanted = interface.server_converters
    if wanted is None:
        return None
    own = next((each for each in converters if isinstance(each, wanted)), None)
    check_converters(own, wanted, interface, "server")
    return own


def check_all_used(converters: Sequence[object], interfaces: Sequence[Interface]) -> None:
    """Raise ConfigurationError for converters that no interface of a server needs."""
    wanted = tuple(each.server_converters for each in interfaces if each.server_converters)
    for given in converters:
        if not isinstance(given, wanted):
            raise ConfigurationError(
                f"{type(given).__name__} converts for no interface of this server"
            )


def _maker(
    endpoint: Served,
    method: Method[Any, Any],
    codecs: OpaqueCodecs,
    converters: object,
    *,
    debug: bool,
) -> Callable[[], Entry]:
    return lambda: Entry(endpoint, method, codecs, converters, debug=debug)


def _shown(name: str | None) -> str:
    """Text from the wire, safe in a message: bounded and escaped."""
    return "null" if name is None else ascii(name[:64])
