"""Which errors the servers of one file raise to the clients of another one. It knows no rule, and not what is in them.

Clients read an error by the fields that their own file gives it, whichever of its methods raise it there. But a server
only raises what a method declares, and a client can only call a method that its own file has.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from rpcgen.idl.compat.change import Only
from rpcgen.idl.model import Error, Interface, Method
from rpcgen.idl.timeline import exists, method_name_at


def raised_between(old: Interface, new: Interface) -> Mapping[str, Only]:
    """Return the errors that callers of the other file get of at least one of two files: which one that is, if only one."""
    names = {method_name_at(method, old.version) for method in new.methods.values()}
    before = _raised(old, [each for each in old.methods.values() if each.name in names])
    known = old.methods.keys()
    after = _raised(
        new, [each for each in new.methods.values() if method_name_at(each, old.version) in known]
    )
    only: dict[str, Only] = {name: "" if name in after else "old" for name in before}
    since: dict[str, Only] = {name: "new" for name in after if name not in before}
    return {**only, **since}


def _raised(file: Interface, methods: Iterable[Method]) -> Collection[str]:
    """Return what handlers of some methods may raise: what those declare, and what extends that."""
    at = file.version
    declared = {
        raised.error
        for method in methods
        if exists(method.dated, at)
        for raised in method.raises
        if exists(raised.dated, at)
    }
    return {
        name
        for name, error in file.errors.items()
        if not declared.isdisjoint({name, *bases(file.errors, error)})
    }


def bases(errors: Mapping[str, Error], error: Error) -> set[str]:
    """Return what an error extends, directly or not."""
    found: set[str] = set()
    base = error.extends
    while base is not None and base not in found:
        found.add(base)
        following = errors.get(base)
        base = following.extends if following is not None else None
    return found
