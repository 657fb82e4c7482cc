"""Whether a server takes a request (V1, V2): it serves the version, and the message is valid at the one that it names."""

from __future__ import annotations

from typing import Literal

from rpcgen.idl.model import Interface, Method
from rpcgen.idl.version import Version

from tests.versions.reference.dates import exists, spoken
from tests.versions.reference.messages import Message
from tests.versions.reference.shapes import method_at
from tests.versions.reference.valid import Schema

RefusalKind = Literal[
    "unsupported_major",
    "minor_too_new",
    "unknown_method",
    "method_not_in_version",
    "wrong_kind",
    "unknown_argument",
    "missing_argument",
    "mistyped_argument",
    "argument_not_in_version",
]

_KINDS: dict[str, tuple[RefusalKind, ...]] = {
    "unknown": ("unknown_argument",),
    "missing": ("missing_argument",),
    "mistyped": ("mistyped_argument",),
    # A value of the newer type of a field: the text allows both words, and null reads as absent.
    "older_type": ("mistyped_argument", "argument_not_in_version"),
    "null": ("mistyped_argument", "argument_not_in_version", "missing_argument"),
    "not_in_version": ("argument_not_in_version",),
    # A name or an argument of the past is as good as unknown.
    "past": ("unknown_argument", "argument_not_in_version"),
}


def accepts(interface: Interface, message: Message) -> frozenset[RefusalKind]:
    """The kinds of refusal that fit; empty if the server takes the message.

    Among several faults of the arguments the text does not say which one is named.
    """
    version = message.version
    last = spoken(interface).get(version.major)
    if last is None or version > last:
        # "Unknown everywhere is unknown method if some interface serves the version, else the version error."
        return frozenset({"unsupported_major" if last is None else "minor_too_new"})
    method = find(interface, message.name, version)
    if method is None:
        if _is_spoken(interface, message.name):
            return frozenset({"method_not_in_version"})
        past = any(message.name in every_name(each) for each in interface.methods.values())
        return frozenset(
            {"unknown_method", "method_not_in_version"} if past else {"unknown_method"}
        )
    shape = method_at(method, version)
    kinds = {route.kind for route in shape.routes if exists(route.dated, version)}
    if message.kind not in kinds:
        later = any(message.kind == route.kind for route in method.routes)
        return frozenset({"wrong_kind", "method_not_in_version"} if later else {"wrong_kind"})
    faults = Schema(interface, version).fields(shape.args, message.args)
    return frozenset(kind for fault in faults for kind in _KINDS[fault.kind])


def find(interface: Interface, name: str, at: Version) -> Method | None:
    """The method that is called so at a version."""
    for method in interface.methods.values():
        if exists(method.dated, at) and method_at(method, at).name == name:
            return method
    return None


def _is_spoken(interface: Interface, name: str) -> bool:
    """Whether a version that is spoken has a method of the name."""
    return any(
        find(interface, name, Version(last.major, minor)) is not None
        for last in spoken(interface).values()
        for minor in range(last.minor + 1)
    )


def every_name(method: Method) -> set[str]:
    """Every name that a method ever had."""
    return {method.name, *(form.name for form in method.was.values() if form.name)}
