"""Arguments and fields, compared one by one. It knows no rule."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from rpcgen.idl.compat.bounds import Limits, bounds_text
from rpcgen.idl.compat.taking import takes_null, taking
from rpcgen.idl.compat.types import compare_types
from rpcgen.idl.compat.walk import Spot, Walk, since_text
from rpcgen.idl.contract import member_text
from rpcgen.idl.model import Default, Field, Named, OlderType, Scalar
from rpcgen.idl.resolve import Types, bare, is_required, resolve
from rpcgen.idl.subset import reads_all
from rpcgen.idl.timeline import has_ended

Fields = Mapping[str, Field]


def compare_fields(
    walk: Walk, old: Fields, new: Fields, whole: Callable[[], Fields], spot: Spot
) -> None:
    """Compare arguments or fields; `whole` are those of the new file at all versions."""
    for before, after in walk.pairs_of(old, new):
        if walk.dated and walk.born and _is_born(walk, after or before, spot):
            continue
        if before is not None and after is not None and _is_alike(before, after):
            _alike(walk, before, after, spot)
        elif after is None:
            if before is not None:
                _removed(walk, before, whole(), spot)
        elif before is None:
            _added(walk, after, whole, spot)
        else:
            here = taking(walk, after, spot)
            _both(walk, before, after, here.part(after.name, after.position, before.position))


def _alike(walk: Walk, old: Field, new: Field, spot: Spot) -> None:
    """Compare what the types of two fields that say the same stand for."""
    if isinstance(new.type, Scalar):  # for itself: most do, and all that follows costs
        return
    here = taking(walk, new, spot)
    has_states = not walk.dated and isinstance(new.type, Named)
    is_known = _is_over(walk, new, spot) or walk.has_followed(new.type, here)
    if is_known and not has_states:
        return
    part = here.part(new.name, new.position, old.position)
    if has_states:
        _compare_states(walk, old, new, part)
    if not is_known:
        part = _leaving_out(walk, old, new, part)
        compare_types(walk, (old.type, ()), (new.type, ()), part)


def _is_born(walk: Walk, field: Field | None, spot: Spot) -> bool:
    """Whether what the file says of its past is about nothing that there was."""
    return field is not None and (spot.owner, field.position) in walk.born


def _is_alike(old: Field, new: Field) -> bool:
    """Whether two fields say the same; what their types stand for may differ. Most do, so this is quick."""
    # Texts of types are parsed once, so equal types are mostly one object, and so is the absence of bounds.
    return old is new or (
        (old.type is new.type or old.type == new.type)
        and _is_same_default(old.default, new.default)
        and (old.dated is new.dated or old.dated == new.dated)
        and old.constant is new.constant is None
        and old.name == new.name
        and (old.constraints is new.constraints or old.constraints == new.constraints)
        and old.presence == new.presence
        and old.older == new.older
        and old.send == new.send
    )


def _is_same_default(old: Default | None, new: Default | None) -> bool:
    """Whether two defaults are one value: 1 is not true."""
    if old is None or new is None:
        return old is new
    return old.value == new.value and repr(old.value) == repr(new.value)


def _added(walk: Walk, field: Field, whole: Callable[[], Fields], spot: Spot) -> None:
    if field.position in walk.late:
        return
    if not walk.dated:
        walk.born.add((spot.owner, field.position))
    required = is_required(field, walk.new.types) and not _reads_without(walk, field, whole, spot)
    subject = "required-field" if required else "optional-field"
    here = spot.part(field.name, field.position, spot.was_at)
    walk.found(
        subject, "added", here, after=shown(field), since=since_text(field.dated), required=required
    )


def _reads_without(walk: Walk, field: Field, whole: Callable[[], Fields], spot: Spot) -> bool:
    """Whether readers of an answer do without it, whatever the file says that it was: they read it as it is now."""
    if spot.root.reader == "request":
        return False
    now = next(each for each in whole().values() if each.position == field.position)
    return not is_required(now, walk.file.types)


def _removed(walk: Walk, field: Field, whole: Fields, spot: Spot) -> None:
    named = whole.get(field.name)
    late = walk.is_late(named, lambda now: _same_form(walk, field, now, spot))
    if late and named is not None:
        here = spot.part(field.name, named.position, field.position)
        walk.found("since", "too-new", here, before=shown(field), since=since_text(named.dated))
        return
    here = spot.part(field.name, spot.place, field.position)
    required = is_required(field, walk.old.types)
    walk.found("field", "removed", here, before=shown(field), required=required)
    if late is False and named is not None:
        again = spot.part(field.name, named.position, field.position)
        walk.found("name", "reused", again, before=shown(field), after=shown(named))


def _both(walk: Walk, old: Field, new: Field, spot: Spot) -> None:
    before, after = shown(old), shown(new)
    if old.name != new.name:
        walk.found("field", "renamed", spot, before=old.name, after=new.name)
    if old.presence != new.presence:
        walk.found("presence", "changed", spot, before=before, after=after)
        return
    if old.constant is not None or new.constant is not None:
        if old.constant != new.constant or repr(old.constant) != repr(new.constant):
            walk.found("constant", "changed", spot, before=before, after=after)
        return
    _compare_states(walk, old, new, spot)
    if (old.older, old.send) != (new.older, new.send):
        walk.found("policy", "changed", spot, before=_policy(old), after=_policy(new))
    if _is_over(walk, new, spot):
        return
    if walk.dated and spot.root.reader != "request":
        spot = replace(spot, unbounded=reads_all(_form(old), _form(new), walk.new.types))
    spot = _leaving_out(walk, old, new, spot)
    compare_types(walk, (old.type, (old.constraints,)), (new.type, (new.constraints,)), spot)


def _is_over(walk: Walk, field: Field, spot: Spot) -> bool:
    """Whether nobody writes or reads what it held, only what it is when absent: it is answered, and has ended."""
    now = spot.clock or walk.file.version
    return spot.root.reader != "request" and has_ended(field.dated.until, now)


def _form(field: Field) -> OlderType:
    return OlderType(field.type, field.constraints, field.default)


def _compare_states(walk: Walk, old: Field, new: Field, spot: Spot) -> None:
    """Compare what absent means."""
    action = {
        ("required", "null"): ("field", "became-optional"),
        ("required", "default"): ("field", "became-optional"),
        ("null", "required"): ("field", "became-required"),
        ("default", "required"): ("default", "removed"),
        ("null", "default"): ("default", "changed"),
        ("default", "null"): ("default", "changed"),
    }.get((_state(walk.old.types, old, spot), _state(walk.new.types, new, spot)))
    if action is None and not _is_same_default(old.default, new.default):
        action = ("default", "changed")
    if action is not None:
        since = since_text(new.dated)
        # Nobody leaves out what is required now, and the language has no such thing in a request that is older than it.
        silent = _is_silent(walk, new, spot) and not is_required(new, walk.new.types)
        told = "" if new.default is None else "its default"
        kept = action == ("field", "became-required") and takes_null(spot)
        before, after = shown(old), shown(new)
        if before == after:  # an alias, which stands for something else now
            before, after = _bare(old, walk.old.types), _bare(new, walk.new.types)
        walk.found(
            *action,
            spot,
            before=before,
            after=after,
            since=since,
            silent=silent,
            told=told,
            kept=kept,
        )


def _is_silent(walk: Walk, field: Field, spot: Spot) -> bool:
    """Whether a request that leaves it out says nothing of its version: it is younger than what it belongs to."""
    method = walk.new.methods.get(spot.owner)
    born = method.dated.since if method is not None else ()
    younger = any(since.minor > 0 for since in field.dated.since) and field.dated.since != born
    always = (field.send or walk.file.send) == "always"
    return spot.root.reader == "request" and younger and not always


def _leaving_out(walk: Walk, old: Field, new: Field, spot: Spot) -> Spot:
    """The spot, with whether callers of both versions leave the argument or field out while it is empty."""
    if not new.dated.since or old.dated != new.dated or is_required(new, walk.new.types):
        return spot
    policies = (old.send, walk.before.send), (new.send, walk.file.send)
    unsent = policies[0] == policies[1] and _is_silent(walk, new, spot)
    return replace(spot, unsent=True) if unsent else spot


def _state(types: Types, field: Field, spot: Spot) -> str:
    if field.default is not None:
        return "default"
    resolved = resolve(field.type, types)
    if resolved is not None and resolved.nullable:
        return "null"
    # Events of the minors before lack it; elsewhere any change of the date is one.
    younger = spot.root.reader == "event" and any(since.minor for since in field.dated.since)
    return "null" if younger else "required"


def _policy(field: Field) -> str:
    return f"older: {field.older or 'refuse_if_set'}, send: {field.send or 'set'}"


def _same_form(walk: Walk, old: Field, new: Field, spot: Spot) -> bool:
    """Whether two fields are the same but for their dates: nothing is found between them."""
    inner = Walk(walk.old, walk.new, walk.before, walk.file, dated=False)
    _both(inner, old, new, spot)
    return not inner.changes


def shown(field: Field) -> str:
    """Write an argument or field with its bounds."""
    limits: Limits = (field.constraints,)
    text = bounds_text(limits)
    return f"{member_text(field)}, {text}" if text else member_text(field)


def _bare(field: Field, types: Types) -> str:
    """Write an argument or field without aliases."""
    return shown(replace(field, type=bare(field.type, types)))
