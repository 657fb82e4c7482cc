"""Where a message goes: the route that the caller chose, the server that the arguments name, the topic of the version."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import fields
from rpcgen.runtime.core.call import Options, Router, Settings
from rpcgen.runtime.core.dates import exists, has_begun, in_effect, minor_in, next_after
from rpcgen.runtime.descriptor import Interface, Kind, Method, Route, Topic, Version
from rpcgen.runtime.errors import ConfigurationError, InvalidTarget, VersionPinned
from rpcgen.runtime.target import Target

if TYPE_CHECKING:
    from rpcgen.runtime.dated import Form

#: Targets that one method of one client remembers; beyond that it begins anew.
MAX_TARGETS = 10_000


class Routes:
    """The ways of one method at one version.

    Args:
        method: whose.
        form: the older form that the version has, if any.
        at: the version.
        settings: the client's.
        refusal: makes the exception for a route that the version has not.
    """

    __slots__ = (
        "_at",
        "_began",
        "_exchange",
        "_fixed",
        "_method",
        "_refusal",
        "_router",
        "_routes",
        "_targets",
        "_topic",
    )

    def __init__(
        self,
        method: Method[Any, Any],
        form: Form | None,
        at: Version,
        settings: Settings,
        refusal: Callable[[Version | None], VersionPinned],
    ) -> None:
        interface = method.interface
        self._method = method
        self._at = at
        self._refusal = refusal
        self._routes = (form and form.routes) or method.routes
        self._exchange = settings.exchange or interface.exchange
        self._topic = settings.topic or topic_at(method, at)
        self._router = None if method.router is None else router_of(method.router, settings)
        self._targets: dict[tuple[str, str | None, bool], Target] = {}
        #: Where messages go that neither their arguments nor the program's router direct.
        self._fixed: dict[tuple[Kind, str | None, bool], tuple[Target, int]] = {}
        self._began: dict[Kind, int] = {
            route.kind: form_began(method, route.kind, at) for route in self._routes
        }

    def choose(self, kind: Kind, arguments: Any, options: Options) -> tuple[Target, int]:
        """Where this message goes, and the minor version that going there needs.

        Raises:
            InvalidTarget: the method has no such route, or nothing names the server.
            VersionPinned: the version has no such route.
        """
        asked = (kind, options.server, options.fanout)
        fixed = self._fixed.get(asked)
        if fixed is not None:
            return fixed
        route = self._route(kind, options)
        server, topic = None, self._topic
        if route.to == "server":
            server = options.server
            if server is None and self._method.destination is not None:
                server = self._method.destination(arguments)
        if self._router is not None:
            topic, server = self._routed(arguments, topic, server, route)
        if route.to == "server" and server is None:
            raise self._nobody()
        key = (topic, server, route.to == "fanout")
        target = self._targets.get(key)
        if target is None:
            if len(self._targets) > MAX_TARGETS:
                self._targets.clear()
            target = Target(self._exchange, topic, server=server, fanout=key[2])
            self._targets[key] = target
        needs = self._began.get(kind, 0)
        found = target, max(needs, minor_in(route.since, self._at[0])) if route.since else needs
        if self._router is None and (route.to != "server" or options.server is not None):
            if len(self._fixed) > MAX_TARGETS:
                self._fixed.clear()
            self._fixed[asked] = found
        return found

    def _route(self, kind: Kind, options: Options) -> Route:
        wanted = "fanout" if options.fanout else "server" if options.server is not None else None
        for route in self._routes:
            if route.kind == kind and wanted in (None, route.to):
                if not exists(route.since, route.until, self._at):
                    raise self._refusal(next_after(route.since, self._at))
                return route
        if self._routes is not self._method.routes and any(
            route.kind == kind and wanted in (None, route.to) for route in self._method.routes
        ):
            form = in_effect(self._method.forms, self._at)
            raise self._refusal(None if form is None else form.until)
        offered = ", ".join(f"{route.kind} {route.to}" for route in self._routes)
        raise InvalidTarget(
            f"{self._method.name} cannot be sent as {kind} {wanted or ''}".rstrip()
            + f"; it has: {offered}"
        )

    def _routed(
        self, arguments: Any, topic: str, server: str | None, route: Route
    ) -> tuple[str, str | None]:
        assert self._router is not None
        said: object = self._router(self._method.name, by_name(arguments), self._at, topic, server)
        match said:
            case (str() as topic, (str() | None) as server):
                return topic, server if route.to == "server" else None
            case _:
                raise ConfigurationError(
                    f"the router {self._method.router!r} returned {said!r}, expected (topic, server or None)"
                )

    def _nobody(self) -> InvalidTarget:
        method = self._method
        if method.destination is None:
            return InvalidTarget(
                f"{method.name} goes to one server: say which with prepare(server=...)"
            )
        return InvalidTarget(
            f"{method.name} goes to the server that {method.destination_text} names, which is null; "
            "say which with prepare(server=...)"
        )


def form_began(method: Method[Any, Any], kind: Kind, at: Version) -> int:
    """The lowest minor, of a version's major, whose form accepts what the form of that version sends."""
    now = in_effect(method.forms, at)
    for form in reversed(method.forms):
        if form.until > at or form.until[0] != at[0]:
            continue
        kinds = {route.kind for route in form.routes or method.routes}
        if kind not in kinds or not _alike(method, now, form):
            return form.until[1]
    return 0


def _alike(method: Method[Any, Any], one: Form | None, two: Form) -> bool:
    """Whether requests of two forms look the same."""
    names = [(form and form.name) or method.name for form in (one, two)]
    structs = [(form and form.args) or method.args for form in (one, two)]
    if names[0] != names[1]:
        return False
    if structs[0] is structs[1]:
        return True
    interface = method.interface
    members = [
        [(field.encode_name, field.type, field.required) for field in fields(struct)]
        for struct in structs
    ]
    return members[0] == members[1] and all(
        table.get(structs[0]) == table.get(structs[1])
        for table in (interface.parts, interface.gone)
    )


def can_be_sent(method: Method[Any, Any], at: Version, converters: object) -> bool:
    """Whether a method can be sent in some way at a version, as a call or as a cast."""
    form = in_effect(method.forms, at)
    routes = method.routes if form is None or not form.routes else form.routes
    there = {route.kind for route in routes if exists(route.since, route.until, at)}
    if there & {route.kind for route in method.routes}:
        return True
    if form is None or not there:
        return False
    from rpcgen.runtime.core.versions.converters import overrides  # few programs convert

    return overrides(converters, method.interface.client_converters, f"result_{form.convert}")


def by_name(arguments: Struct) -> dict[str, Any]:
    """Typed arguments under their names in the interface."""
    names = zip(arguments.__struct_fields__, arguments.__struct_encode_fields__, strict=True)
    return {wire: getattr(arguments, name) for name, wire in names}


def router_of(name: str, settings: Settings) -> Router:
    """The program's router of a name; raises ConfigurationError if it brought none."""
    router = settings.routers.get(name)
    if router is None:
        raise ConfigurationError(
            f"the interface asks a router {name!r} where messages go: "
            f"give the client routers={{{name!r}: ...}}"
        )
    return router


def topic_at(method: Method[Any, Any], at: Version) -> str:
    """The topic of a method's messages at a version."""
    if method.topic is not None and has_begun(method.topic.since, at):
        return method.topic.name
    return interface_topic(method.interface, at)


def interface_topic(interface: Interface, at: Version) -> str:
    """The topic of an interface at a version: older versions use the first other one."""
    topic: Topic = interface.topic
    if has_begun(topic.since, at) or not interface.also:
        return topic.name
    return interface.also[0]
