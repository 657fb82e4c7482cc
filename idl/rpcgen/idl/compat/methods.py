"""Methods, compared by how they are sent and what goes with them. It knows no rule."""

from __future__ import annotations

from dataclasses import replace

from rpcgen.idl.compat.bounds import number_text
from rpcgen.idl.compat.change import Root
from rpcgen.idl.compat.members import compare_fields
from rpcgen.idl.compat.types import compare_items
from rpcgen.idl.compat.view import forms_from
from rpcgen.idl.compat.walk import Spot, Walk, since_text
from rpcgen.idl.contract import dates_text
from rpcgen.idl.model import Event, Form, Method, Route, Timeout
from rpcgen.idl.typetext import type_text

#: Seconds that clients wait by the profile `long`, and where a method says nothing.
LONG, UNSAID = 1800.0, 60.0


def compare_methods(walk: Walk) -> None:
    """Compare the methods of both views."""
    for old, new in walk.pairs_of(walk.old.methods, walk.new.methods):
        if new is None:
            if old is not None:
                _removed(walk, old)
        elif old is None:
            _added(walk, new)
        elif new.position in walk.fresh:
            continue
        elif old is new:
            _same(walk, new)
        else:
            _both(walk, old, new)


def _same(walk: Walk, method: Method) -> None:
    """Compare what the types of a method stand for, which says the same in both views."""
    request = Spot(Root("request", method.name), method.name, method.position, method.position)
    compare_fields(walk, method.args, method.args, lambda: method.args, request)
    if method.returns is not None:
        result = replace(request, root=Root("result", method.name), path=f"{method.name} returns")
        if not walk.has_followed(method.returns, result):
            compare_items(walk, (method.returns, ()), (method.returns, ()), result)


def _added(walk: Walk, method: Method) -> None:
    if method.position not in walk.late:
        walk.fresh.add(method.position)
        spot = Spot(Root(), method.name, method.position, None)
        walk.found("method", "added", spot, after=shown(method), since=since_text(method.dated))


def _removed(walk: Walk, method: Method) -> None:
    named = walk.file.methods.get(method.name)
    late = walk.is_late(named, lambda now: _same_form(walk, method, now))
    spot = Spot(Root(), method.name, walk.new.position, method.position)
    if named is not None:
        spot = replace(spot, place=named.position)
    if late and named is not None:
        walk.found("since", "too-new", spot, before=shown(method), since=since_text(named.dated))
        return
    walk.found("method", "removed", spot, before=shown(method))
    if late is False and named is not None:
        walk.found("name", "reused", spot, before=shown(method), after=shown(named))


def _same_form(walk: Walk, old: Method, new: Method) -> bool:
    inner = Walk(walk.old, walk.new, walk.before, walk.file, dated=False)
    _both(inner, old, new)
    return not inner.changes


def _both(walk: Walk, old: Method, new: Method) -> None:
    spot = Spot(Root(), new.name, new.position, old.position)
    if old.name != new.name:
        walk.found("method", "renamed", spot, before=old.name, after=new.name)
    form = _form_of(walk, new)
    if form.args is not None or form.returns is not None or form.routes is not None:
        walk.found("method", "reshaped", spot, before=shown(old), after=shown(new))
    if form.routes is None:
        _compare_routes(walk, old, new, spot)
    _compare_promises(walk, old, new, spot)
    _compare_raises(walk, old, new, spot)
    if form.args is None:
        inside = replace(spot, root=Root("request", new.name))
        compare_fields(walk, old.args, new.args, lambda: walk.whole(new.position).args, inside)
    if form.returns is None and _is_called(old) and _is_called(new):
        _compare_returns(walk, old, new, replace(spot, root=Root("result", new.name)))


def _form_of(walk: Walk, method: Method) -> Form:
    """Return what the file says was otherwise about a method; nothing of it where two files are compared."""
    forms = forms_from(walk.whole(method.position), walk.old.version) if walk.dated else []
    return Form(
        method.position,
        args=next((form.args for form in forms if form.args is not None), None),
        routes=next((form.routes for form in forms if form.routes is not None), None),
        returns=next((form.returns for form in forms if form.returns is not None), None),
    )


def _compare_routes(walk: Walk, old: Method, new: Method, spot: Spot) -> None:
    known = {(route.kind, route.to): route for route in old.routes}
    kept = {(route.kind, route.to): route for route in new.routes}
    if list(known) == list(kept):
        return
    kinds, new_kinds = {r.kind for r in old.routes}, {r.kind for r in new.routes}
    before, after = _routes(old.routes), _routes(new.routes)
    if kinds | new_kinds == {"call", "cast"} and not kinds & new_kinds:
        subject, action = ("call", "became-cast") if "call" in kinds else ("cast", "became-call")
        walk.found(subject, action, spot, before=before, after=after)
        return
    for key, route in kept.items():
        if key not in known:
            subject = "route" if route.kind in kinds else "kind"
            here = replace(spot, path=f"{new.name} {route.kind} {route.to}")
            name, since = f"{route.kind}: {route.to}", since_text(route.dated)
            walk.found(subject, "added", here, name=name, since=since, before=before, after=after)
    for key, route in known.items():
        if key not in kept:
            here = replace(spot, path=f"{new.name} {route.kind} {route.to}")
            name = f"{route.kind}: {route.to}"
            walk.found("route", "removed", here, name=name, before=before, after=after)
    first = next(iter(known))
    if first in kept and first != next(iter(kept)):
        walk.found("destination", "changed", spot, before=before, after=after)


def _compare_promises(walk: Walk, old: Method, new: Method, spot: Spot) -> None:
    """Compare what a caller may rely on, and what it does of its own accord."""
    if old.idempotent != new.idempotent:
        action = "gained" if new.idempotent else "lost"
        walk.found("idempotency", action, spot, before=_flag(old), after=_flag(new))
    if old.delivery != new.delivery:
        action = "raised" if new.delivery == "at_least_once" else "lowered"
        walk.found(
            "delivery", action, spot, before=old.delivery, after=new.delivery, open=new.idempotent
        )
    compare_waiting(walk, old, new, spot)
    if old.timeout != new.timeout:
        action = "lowered" if _seconds(new.timeout) < _seconds(old.timeout) else "raised"
        walk.found("timeout", action, spot, before=_wait(old.timeout), after=_wait(new.timeout))
    texts = [" or ".join(path.text for path in method.to) for method in (old, new)]
    texts = [
        f"{text} {method.router or ''}".strip()
        for text, method in zip(texts, (old, new), strict=True)
    ]
    if texts[0] != texts[1]:
        walk.found(
            "destination", "changed", spot, before=texts[0] or "none", after=texts[1] or "none"
        )
    names = [method.topic.name if method.topic else "" for method in (old, new)]
    if names[0] != names[1]:
        walk.found("method-topic", "changed", spot, before=names[0], after=names[1])


def compare_waiting(walk: Walk, old: Method | Event, new: Method | Event, spot: Spot) -> None:
    """Compare how long messages may wait, and which keep their order."""
    if old.ttl != new.ttl:
        action = "lowered" if _life(new.ttl) < _life(old.ttl) else "raised"
        walk.found("ttl", action, spot, before=_ttl(old.ttl), after=_ttl(new.ttl))
    keys = [each.ordering_key.text if each.ordering_key else "" for each in (old, new)]
    if keys[0] != keys[1] and not walk.dated:  # else they differ by the names of two versions
        action = "lost" if keys[0] else "gained"
        walk.found("order", action, spot, before=keys[0], after=keys[1])


def _life(ttl: float | None) -> float:
    return float("inf") if ttl is None else ttl


def _ttl(ttl: float | None) -> str:
    return "no ttl" if ttl is None else f"ttl: {number_text(ttl)}s"


def _compare_raises(walk: Walk, old: Method, new: Method, spot: Spot) -> None:
    if old.raises is new.raises:
        return
    before, after = {r.error: r for r in old.raises}, {r.error: r for r in new.raises}
    for name, raised in after.items():
        if name not in before:
            here = spot.part(name, raised.position, spot.was_at)
            walk.found("raise", "added", here, since=since_text(raised.dated))
    for name, raised in before.items():
        if name not in after:
            walk.found("raise", "removed", spot.part(name, new.position, raised.position))


def _is_called(method: Method) -> bool:
    """Whether anybody waits for an answer; a call that is new beside a cast answers nobody who did not know."""
    return any(route.kind == "call" for route in method.routes)


def _compare_returns(walk: Walk, old: Method, new: Method, spot: Spot) -> None:
    if old.returns is None and new.returns is None:
        return
    if old.returns is None or new.returns is None:
        action = "removed" if new.returns is None else "added"
        texts = [type_text(m.returns) if m.returns else "nothing" for m in (old, new)]
        walk.found("return", action, spot, before=texts[0], after=texts[1])
        return
    here = replace(spot, path=f"{new.name} returns")
    before = (old.returns, (old.returns_constraints,))
    compare_items(walk, before, (new.returns, (new.returns_constraints,)), here)


def shown(method: Method) -> str:
    """Write a method as one line."""
    returns = f" -> {type_text(method.returns)}" if method.returns else ""
    args = ", ".join(f"{name}: {type_text(arg.type)}" for name, arg in method.args.items())
    return f"{method.name}({args}){returns}; {_routes(method.routes)}"


def _routes(routes: tuple[Route, ...]) -> str:
    return ", ".join(f"{route.kind}: {route.to}{dates_text(route.dated)}" for route in routes)


def _flag(method: Method) -> str:
    return f"idempotent: {str(method.idempotent).lower()}"


def _seconds(timeout: Timeout | None) -> float:
    if timeout is None:
        return UNSAID
    return timeout.seconds if timeout.seconds is not None else LONG


def _wait(timeout: Timeout | None) -> str:
    if timeout is None:
        return f"no timeout ({UNSAID:g}s)"
    if timeout.seconds is None:
        return f"timeout: {timeout.profile}"
    return f"timeout: {number_text(timeout.seconds)}s"
