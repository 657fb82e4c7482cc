"""Whether a server takes a request (V1, V2): it serves the version, and the message is valid at the one that it names."""

from __future__ import annotations

from typing import Literal

from rpcgen.idl.model import Interface, Method
from rpcgen.idl.version import Version

from tests.versions.reference.dates import exists, spoken
from tests.versions.reference.messages import Message
from tests.versions.reference.shapes import method_at
from tests.versions.reference.valid import Fault, Schema

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
    # A value of the newer type of a field: the text allows both words.
    "older_type": ("mistyped_argument", "argument_not_in_version"),
    "not_in_version": ("argument_not_in_version",),
}


def accepts(interface: Interface, message: Message) -> frozenset[RefusalKind]:
    """The kinds of refusal that fit; empty if the server takes the message. The first that applies is the answer."""
    version = message.version
    last = spoken(interface).get(version.major)
    if last is None or version > last:
        # "Unknown everywhere is unknown method if some interface serves the version, else the version error."
        return frozenset({"unsupported_major" if last is None else "minor_too_new"})
    method = find(interface, message.name, version)
    if method is None:
        known = any(message.name in every_name(each) for each in interface.methods.values())
        return frozenset({"method_not_in_version" if known else "unknown_method"})
    shape = method_at(method, version)
    kinds = {route.kind for route in shape.routes if exists(route.dated, version)}
    if message.kind not in kinds:
        return frozenset({"wrong_kind"})
    return _worst(list(Schema(interface, version).fields(shape.args, message.args)))


def find(interface: Interface, name: str, at: Version) -> Method | None:
    """The method that is called so at a version."""
    for method in interface.methods.values():
        if exists(method.dated, at) and method_at(method, at).name == name:
            return method
    return None


def every_name(method: Method) -> set[str]:
    """Every name that a method ever had."""
    return {method.name, *(form.name for form in method.was.values() if form.name)}


def _worst(faults: list[Fault]) -> frozenset[RefusalKind]:
    """Unknown, missing and mistyped arguments come before those that are not in the version (PROTOCOL.md 3.1)."""
    first = [fault for fault in faults if fault.kind != "not_in_version"] or faults
    return frozenset(kind for fault in first for kind in _KINDS[fault.kind])
