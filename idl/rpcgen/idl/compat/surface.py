"""What an interface is besides its methods: where it lives, its errors, its events. It knows no rule."""

from __future__ import annotations

from dataclasses import replace

from rpcgen.idl.compat.change import Root
from rpcgen.idl.compat.members import compare_fields
from rpcgen.idl.compat.methods import compare_waiting
from rpcgen.idl.compat.raising import bases, raised_between
from rpcgen.idl.compat.types import compare_types
from rpcgen.idl.compat.walk import Spot, Walk, since_text
from rpcgen.idl.model import Dated, Error, Event, Named
from rpcgen.idl.resolve import error_fields


def compare_target(walk: Walk) -> None:
    """Compare names, topics and what holds for all methods."""
    old, new = walk.old, walk.new
    spot = Spot(Root(), new.name, new.position, old.position)
    if old.name != new.name:
        walk.found("interface", "renamed", spot, before=old.name, after=new.name)
    if old.namespace != new.namespace:
        here = _said(walk, spot, "namespace")
        texts = old.namespace or "", new.namespace or ""
        walk.found("namespace", "changed", here, before=texts[0], after=texts[1])
    if old.target.exchange != new.target.exchange:
        here = _said(walk, spot, "target.exchange")
        texts = old.target.exchange, new.target.exchange
        walk.found("exchange", "changed", here, before=texts[0], after=texts[1])
    _compare_topics(walk, spot)
    _compare_policies(walk, spot)


def _said(walk: Walk, spot: Spot, path: str) -> Spot:
    """The spot of what holds for the whole interface: where the files say it, or else their names."""
    place = walk.new.places.get(path, spot.place)
    return replace(spot, path=path, place=place, was_at=walk.old.places.get(path, spot.was_at))


def _compare_policies(walk: Walk, spot: Spot) -> None:
    said = [
        ("send", walk.old.send, walk.new.send),
        ("refused_as", walk.old.refused_as, walk.new.refused_as),
    ]
    for key, before, after in said:
        if before != after:
            here = replace(_said(walk, spot, key), path=walk.new.name)
            texts = [f"{key}: {each or 'none'}" for each in (before, after)]
            walk.found("policy", "changed", here, before=texts[0], after=texts[1])


def _compare_topics(walk: Walk, spot: Spot) -> None:
    old, new = walk.old.target, walk.new.target
    before, after = old.topic.name, new.topic.name
    here = _said(walk, spot, "target.topic")
    listens = {after, *new.also, walk.file.target.topic.name, *walk.file.target.also}
    if before != after:
        kept = before in listens
        walk.found(
            "topic",
            "changed",
            here,
            before=before,
            after=after,
            open=kept,
            required=after not in old.also,
            since=since_text(Dated(new.topic.since)),
        )
    for topic in sorted({after, *new.also} - {before, *old.also}):
        if topic != after:
            walk.found("topic", "added", _said(walk, spot, f"target.also.{topic}"), name=topic)
    for topic in sorted(set(old.also) - listens):
        here = _said(walk, spot, f"target.also.{topic}")
        walk.found("topic", "removed", here, before=topic, name=topic)


def compare_errors(walk: Walk) -> None:
    """Compare the errors of both files; fields only of those that a server of one of them raises to clients of the other.

    Clients of a file that has no such error do not read its fields.
    """
    raised = raised_between(walk.before, walk.file)
    for name, old in walk.old.errors.items():
        new = walk.new.errors.get(name)
        if new is None:
            _removed(walk, "error", old, walk.file.errors.get(name), old.name)
        elif new is not old or walk.dated:
            _compare_error(walk, old, new)
            if name in raised and name in walk.before.errors:
                _compare_error_fields(walk, old, new, Root("error", name, raised[name]))


def _removed(
    walk: Walk, subject: str, old: Error | Event, named: Error | Event | None, before: str
) -> None:
    """An error or event is not there any more; `named` is what the new file says under its name, if anything."""
    spot = Spot(Root(), old.name, named.position if named else walk.new.position, old.position)
    if named is not None and walk.is_late(named, lambda now: True):
        walk.found("since", "too-new", spot, before=old.name, since=since_text(named.dated))
        return
    walk.found(subject, "removed", spot, before=before)


def _compare_error(walk: Walk, old: Error, new: Error) -> None:
    spot = Spot(Root(), new.name, new.position, old.position)
    wires = old.wire or "", new.wire or ""
    if wires[0] != wires[1]:
        walk.found("error-wire", "changed", spot, before=wires[0], after=wires[1])
    if old.extends != new.extends:
        known, kept = bases(walk.old.errors, old), bases(walk.new.errors, new)
        for subject_action, names in (("lost", known - kept), ("gained", kept - known)):
            for base in sorted(names):
                walk.found(
                    "error-base",
                    subject_action,
                    spot,
                    before=old.extends or "",
                    after=new.extends or "",
                    name=base,
                )
    if old.retryable != new.retryable:
        texts = [f"retryable: {str(each.retryable).lower()}" for each in (old, new)]
        walk.found("error-retry", "changed", spot, before=texts[0], after=texts[1])


def _compare_error_fields(walk: Walk, old: Error, new: Error, root: Root) -> None:
    compare_fields(
        walk,
        error_fields(old, walk.old.errors),
        error_fields(new, walk.new.errors),
        lambda: error_fields(walk.file.errors[new.name], walk.file.errors),
        Spot(root, new.name, new.position, old.position),
    )


def compare_events(walk: Walk) -> None:
    """Compare the events of both views."""
    for name, new in walk.new.events.items():
        old = walk.old.events.get(name)
        if old is not None and new.position not in walk.fresh:
            _compare_event(walk, old, new)
        elif old is None and new.position not in walk.late:
            walk.fresh.add(new.position)
            spot = Spot(Root(), name, new.position, None)
            walk.found("event", "added", spot, after=new.payload, since=since_text(new.dated))
    for name, old in walk.old.events.items():
        if name not in walk.new.events:
            _removed(walk, "event", old, walk.file.events.get(name), old.payload)


def _compare_event(walk: Walk, old: Event, new: Event) -> None:
    spot = Spot(Root(), new.name, new.position, old.position)
    if old.priority != new.priority:
        walk.found("event-priority", "changed", spot, before=old.priority, after=new.priority)
    if old.delivery != new.delivery:
        action = "raised" if new.delivery == "at_least_once" else "lowered"
        walk.found("event-delivery", action, spot, before=old.delivery, after=new.delivery)
    compare_waiting(walk, old, new, spot)
    inside = replace(spot, root=Root("event", new.name))
    compare_types(walk, (Named(old.payload), ()), (Named(new.payload), ()), inside)
