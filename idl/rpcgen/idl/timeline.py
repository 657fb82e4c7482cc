"""What of an interface exists at a version, and under which name, type and form.

Bounds across majors (every version in a file is the one at which something changed): one of the version's own major
goes first, otherwise the closest later one. So `since: "5.12"` is there at 5.12 and in all of major 6, and
`since: ["5.13", "6.2"]` is not there at 6.1; and `since: ["4.9", "6.2"]` is not there in all of major 5.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeVar

from rpcgen.idl.model import Dated, Field, Form, Interface, Method
from rpcgen.idl.version import Version

T = TypeVar("T")


def spoken(interface: Interface) -> tuple[Version, ...]:
    """The last minor of every major that clients and servers speak, ascending; the file's own version is the last."""
    return (*interface.serves, interface.version)


def has_begun(since: Iterable[Version], at: Version) -> bool:
    """Whether something dated `since` exists at a version, if nothing ended it."""
    bounds = {bound.major: bound for bound in since}
    if at.major in bounds:
        return at >= bounds[at.major]
    return not bounds or max(bounds) < at.major


def has_ended(until: Iterable[Version], at: Version) -> bool:
    """Whether something dated `until` is gone at a version."""
    bounds = {bound.major: bound for bound in until}
    if at.major in bounds:
        return at >= bounds[at.major]
    return bool(bounds) and max(bounds) < at.major


def exists(dated: Dated, at: Version) -> bool:
    """Whether something exists at a version."""
    return has_begun(dated.since, at) and not has_ended(dated.until, at)


def is_spoken(dated: Dated, interface: Interface) -> bool:
    """Whether something exists at any version that the interface still speaks."""
    return last_spoken(dated, interface) is not None


def last_spoken(dated: Dated, interface: Interface) -> Version | None:
    """The newest version that the interface still speaks and at which something exists; None if there is none."""
    for last in reversed(spoken(interface)):
        if exists(dated, last):
            return last
        ends = [bound for bound in dated.until if bound.major == last.major and bound.minor > 0]
        if ends and exists(dated, before := Version(last.major, ends[0].minor - 1)):
            return before
    return None


def older(history: Mapping[Version, T], at: Version) -> T | None:
    """What something was at a version, by a history of what it was *until* each version; None: what it is now."""
    later = [bound for bound in history if bound > at]
    return history[min(later)] if later else None


def name_at(field: Field, at: Version) -> str:
    """What an argument or field is called on the wire."""
    return older(field.was, at) or field.name


def method_names(method: Method) -> dict[Version, str]:
    """Return what a method was called until each version, as `Field.was` does for a field."""
    return {until: form.name or method.name for until, form in method.was.items()}


def method_name_at(method: Method, at: Version) -> str:
    """What a method is called on the wire."""
    return older(method_names(method), at) or method.name


def form_at(method: Method, at: Version) -> Form | None:
    """The older form that a method had; None: the form that it has now."""
    return older(method.was, at)
