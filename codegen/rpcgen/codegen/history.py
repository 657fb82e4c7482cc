"""Which of an interface's parts generated code has, and which were otherwise at a version that is still spoken.

Generated code has what exists at any version that is still spoken. Knows nothing of Python text.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from rpcgen.idl.model import Dated, Enum, Event, Form, Interface, Method, Route, Struct, Union
from rpcgen.idl.timeline import has_begun, is_spoken, spoken
from rpcgen.idl.version import Version

Since = tuple[Version, ...]


def clock_of(interface: Interface, struct: Struct) -> Interface:
    """The interface whose versions the dates of a struct's fields count on: with the struct's own, if it has one."""
    if struct.version is None:
        return interface
    return replace(interface, version=struct.version, serves=())


def is_newer(since: Since, container: Dated, clock: Interface) -> bool:
    """Whether something dated `since` began later than what contains it, in a major that is still spoken."""
    return bool(since) and any(
        has_begun(container.since, last) and not has_begun(since, start(container, last.major))
        for last in spoken(clock)
    )


def start(dated: Dated, major: int) -> Version:
    """When something that exists in a major began there."""
    return next((bound for bound in dated.since if bound.major == major), Version(major, 0))


def is_past(bounds: Iterable[Version], clock: Interface) -> bool:
    """Whether a version that is still spoken is before one of the bounds."""
    last = max(bounds, default=None)
    return last is not None and last > Version(spoken(clock)[0].major, 0)


def spoken_methods(interface: Interface) -> list[Method]:
    """The methods of generated code."""
    return [method for method in interface.methods.values() if is_spoken(method.dated, interface)]


def spoken_events(interface: Interface) -> list[Event]:
    """The events of generated code."""
    return [event for event in interface.events.values() if is_spoken(event.dated, interface)]


def spoken_routes(method: Method, interface: Interface) -> tuple[Route, ...]:
    """The routes of generated code; all of them if none is spoken any more."""
    if not any(route.dated.until for route in method.routes):
        return method.routes
    found = tuple(route for route in method.routes if is_spoken(route.dated, interface))
    return found or method.routes


def spoken_forms(method: Method, interface: Interface) -> list[tuple[Version, Form]]:
    """The older forms that a method has at versions that are still spoken, ascending."""
    return [
        (until, form) for until, form in sorted(method.was.items()) if is_past([until], interface)
    ]


def spoken_members(definition: Enum | Union, interface: Interface) -> dict[str, Dated]:
    """The members of generated code, and when each exists."""
    found = {key: each.dated for key, each in definition.members.items()}
    return {key: dated for key, dated in found.items() if is_spoken(dated, interface)}


def has_history(interface: Interface) -> bool:
    """Whether a method, or an argument of one, may be missing on a server that is still spoken to."""
    return bool(interface.serves) or any(
        method.dated.since
        or method.dated.until
        or method.was
        or any(argument.dated.since for argument in method.args.values())
        for method in interface.methods.values()
    )
