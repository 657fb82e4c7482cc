"""Structs, enums and unions, compared part by part. It knows no rule."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import replace

from rpcgen.idl.compat.change import Root
from rpcgen.idl.compat.members import compare_fields
from rpcgen.idl.compat.types import compare_items
from rpcgen.idl.compat.walk import Spot, Walk, since_text
from rpcgen.idl.model import Enum, Field, Opaque, Struct, Union
from rpcgen.idl.resolve import all_fields, bare, lineage
from rpcgen.idl.typetext import type_text


def compare_queued(walk: Walk) -> None:
    """Compare the named types that wait, and those that they lead to."""
    while walk.pairs:
        old, new, spot = walk.pairs.popleft()
        one, two = walk.old.types[old], walk.new.types[new]
        here = replace(
            spot, owner=new, path=new, place=two.position, was_at=one.position, clock=None
        )
        if isinstance(one, Struct) and isinstance(two, Struct):
            _compare_structs(walk, one, two, here)
        elif isinstance(one, Enum) and isinstance(two, Enum):
            _compare_openness(walk, one, two, here)
            _compare_values(walk, one, two, here)
        elif isinstance(one, Union) and isinstance(two, Union):
            _compare_openness(walk, one, two, here)
            _compare_tags(walk, one, two, here)
        elif isinstance(one, Opaque) and isinstance(two, Opaque):
            _compare_attributes(walk, one, two, replace(here, root=Root(), way=()))


def _compare_structs(walk: Walk, old: Struct, new: Struct, spot: Spot) -> None:
    if (old.version is None) != (new.version is None):
        words = {True: "no version of its own", False: "a version of its own"}
        before, after = words[old.version is None], words[new.version is None]
        walk.found("envelope", "changed", spot, before=before, after=after)
        return
    if old.version is not None and new.version is not None:
        whole = walk.file.types[new.name]
        spot = replace(spot, clock=whole.version if isinstance(whole, Struct) else None)
        _compare_envelopes(walk, old, new, spot)
    compare_fields(
        walk,
        all_fields(old, walk.old.types),
        all_fields(new, walk.new.types),
        lambda: _whole(walk, new.name),
        spot,
    )


def _whole(walk: Walk, name: str) -> Mapping[str, Field]:
    struct = walk.file.types[name]
    return all_fields(struct, walk.file.types) if isinstance(struct, Struct) else {}


def _compare_envelopes(walk: Walk, old: Struct, new: Struct, spot: Spot) -> None:
    assert old.version is not None
    assert new.version is not None
    if old.envelope != new.envelope or old.name != new.name:
        before, after = _envelope(old), _envelope(new)
        same = before == after
        if same:
            before, after = _envelope(old, values=True), _envelope(new, values=True)
        walk.found("envelope", "changed", spot, before=before, after=after, kept=same)
    if walk.dated and new.version == old.version:
        then = {part.name: part.version for part in lineage(old, walk.old.types)}
        risen = [p for p in lineage(new, walk.new.types) if p.version != then.get(p.name)]
        if risen:
            texts = str(new.version), f"{risen[0].name} {risen[0].version}"
            walk.found("clock", "behind", spot, before=texts[0], after=texts[1])
    if new.version.major != old.version.major:
        walk.found("clock", "raised", spot, before=str(old.version), after=str(new.version))


def _envelope(struct: Struct, *, values: bool = False) -> str:
    envelope = struct.envelope
    assert envelope is not None
    keys = [envelope.name, envelope.version, envelope.data]
    keys += [f"{key}: {value}" if values else key for key, value in envelope.constants.items()]
    return f"{struct.name} under {', '.join(keys)}"


def _compare_openness(walk: Walk, old: Enum | Union, new: Enum | Union, spot: Spot) -> None:
    if old.open and not new.open:
        walk.closed.add(new.name)
    if old.open != new.open and not (new.open and new.name in walk.closed):
        action = "opened" if new.open else "closed"
        walk.found("type", action, spot, before=_kind(old), after=_kind(new))


def _kind(type_: Enum | Union) -> str:
    return f"{'open' if type_.open else 'closed'} {type(type_).__name__.lower()}"


def _compare_values(walk: Walk, old: Enum, new: Enum, spot: Spot) -> None:
    if old.members is not new.members:
        before, after = ", ".join(old.members), ", ".join(new.members)
        for value, member in new.members.items():
            here = spot.part(value, member.position, spot.was_at)
            if value not in old.members:
                if member.position not in walk.late:
                    told = new.fallback.get(value, "")
                    since = since_text(member.dated)
                    walk.found(
                        "enum-value",
                        "added",
                        here,
                        before=before,
                        after=after,
                        open=old.open or new.name in walk.closed,
                        told=told,
                        since=since,
                    )
            elif old.members[value].name != member.name:
                names = (old.members[value].name or value, member.name or value)
                walk.found("enum-value", "renamed", here, before=names[0], after=names[1])
        for value in old.members:
            if value not in new.members:
                _value_removed(walk, old, new, value, spot)
    before, after = (_told(each, old.members.keys() & new.members.keys()) for each in (old, new))
    if not walk.dated and before != after:
        walk.found("fallback", "changed", spot, before=before, after=after)


def _value_removed(walk: Walk, old: Enum, new: Enum, value: str, spot: Spot) -> None:
    whole = walk.file.types[new.name]
    named = whole.members.get(value) if isinstance(whole, Enum) else None
    here = spot.part(value, new.position, old.members[value].position)
    if named is not None and walk.is_late(named, lambda now: True):
        here = replace(here, place=named.position)
        walk.found("since", "too-new", here, before=value, since=since_text(named.dated))
        return
    before, after = ", ".join(old.members), ", ".join(new.members)
    kept = spot.taken is not None
    walk.found("enum-value", "removed", here, before=before, after=after, open=new.open, kept=kept)


def _told(enum: Enum, among: AbstractSet[str]) -> str:
    """Write what readers are told instead of values that both files know."""
    texts = (f"{value}: {told}" for value, told in enum.fallback.items() if value in among)
    return ", ".join(texts) or "no fallback"


def _compare_tags(walk: Walk, old: Union, new: Union, spot: Spot) -> None:
    before, after = ", ".join(old.members), ", ".join(new.members)
    for tag, member in new.members.items():
        one = old.members.get(tag)
        here = spot.part(tag, member.position, one.position if one else spot.was_at)
        if one is not None:
            compare_items(walk, (one.type, ()), (member.type, ()), here)
        elif member.position not in walk.late:
            since = since_text(member.dated)
            walk.found(
                "union-member",
                "added",
                here,
                before=before,
                after=after,
                open=old.open or new.name in walk.closed,
                since=since,
            )
    for tag, member in old.members.items():
        if tag not in new.members:
            _tag_removed(
                walk, new, tag, spot.part(tag, new.position, member.position), (before, after)
            )


def _tag_removed(walk: Walk, new: Union, tag: str, here: Spot, texts: tuple[str, str]) -> None:
    whole = walk.file.types[new.name]
    named = whole.members.get(tag) if isinstance(whole, Union) else None
    if named is not None and walk.is_late(named, lambda now: True):
        here = replace(here, place=named.position)
        text = f"{tag}: {type_text(named.type)}"
        walk.found("since", "too-new", here, before=text, since=since_text(named.dated))
        return
    kept, (before, after) = here.taken is not None, texts
    walk.found(
        "union-member", "removed", here, before=before, after=after, open=new.open, kept=kept
    )


def _compare_attributes(walk: Walk, old: Opaque, new: Opaque, spot: Spot) -> None:
    """Compare what programs' objects have; it is in no message."""
    for name, type_ in new.attributes.items():
        here, after = spot.part(name, new.position, spot.was_at), type_text(type_)
        if name not in old.attributes:
            walk.found("attribute", "added", here, name=name, after=after)
            continue
        was, now = bare(old.attributes[name], walk.old.types), bare(type_, walk.new.types)
        # A type that was renamed may have kept its old name as an alias.
        if bare(was, walk.new.types) != now:
            before, after = type_text(was), type_text(now)
            walk.found("attribute", "changed", here, before=before, after=after)
    for name, type_ in old.attributes.items():
        if name not in new.attributes:
            here = spot.part(name, new.position, old.position)
            walk.found("attribute", "removed", here, name=name, before=type_text(type_))
