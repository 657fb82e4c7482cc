"""Publishers and subscribers: both worlds have the same methods, one for each event."""

from __future__ import annotations

from collections.abc import Sequence

from rpcgen.codegen.docs import dated_note, paragraphs, sentence
from rpcgen.codegen.history import spoken_events
from rpcgen.codegen.layout import call, statement
from rpcgen.codegen.literals import docstring
from rpcgen.codegen.scope import Scope
from rpcgen.codegen.view.methods import ProxyView
from rpcgen.codegen.view.structs import INDENT
from rpcgen.codegen.view.worlds import ASYNCIO, BLOCKING, BODY, WORLDS, Signature, World
from rpcgen.idl.model import Event


def publisher_views(scope: Scope) -> tuple[ProxyView, ...]:
    """Write the publisher of each world, for a file of its own."""
    _import_all(scope)
    signatures = [_published(scope, event) for event in spoken_events(scope.interface)]
    return tuple(_publisher(scope, world, signatures) for world in WORLDS)


def _publisher(scope: Scope, world: World, signatures: Sequence[Signature]) -> ProxyView:
    names, interface = scope.names, scope.interface
    mine, other = names.publisher, names.async_publisher
    if world is ASYNCIO:
        mine, other = other, mine
    people = next(each.people for each in WORLDS if each is not world)
    text = paragraphs(
        sentence(interface.doc),
        f"Publishes the events of {interface.name} {interface.version} for {world.people}; "
        f"see `{other}` for {people}.",
    )
    imports = scope.imports.copy()
    base = imports.use("rpcgen.runtime", f"{world.prefix}Publisher")
    return ProxyView(
        imports.render(),
        statement("", call(f"class {mine}", base), colon=":"),
        docstring(text, INDENT),
        tuple(signature.to(world) for signature in signatures),
    )


def _published(scope: Scope, event: Event) -> Signature:
    constant = scope.imports.use(".descriptor", scope.names.event_constants[event.name])
    return Signature(
        scope.names.events[event.name],
        ("self", f"payload: {scope.named(event.payload)}"),
        scope.runtime("Sent"),
        _doc(event, f"Publish `{event.name}`."),
        "self._publish",
        (constant, "payload"),
    )


def subscriber_views(scope: Scope) -> tuple[ProxyView, ...]:
    """Write the subscriber of each world, for one file together; the last has the imports of all."""
    _import_all(scope)
    signatures = [_heard(scope, event) for event in spoken_events(scope.interface)]
    return tuple(_subscriber(scope, world, signatures) for world in WORLDS)


def _subscriber(scope: Scope, world: World, signatures: Sequence[Signature]) -> ProxyView:
    names, interface = scope.names, scope.interface
    name = names.subscriber if world is BLOCKING else names.async_subscriber
    base = scope.runtime(f"{world.prefix}Subscriber")
    text = paragraphs(
        sentence(interface.doc),
        "Subclass it and define what you want to hear: events whose methods are left alone are not subscribed to.",
    )
    return ProxyView(
        scope.imports.render(),
        statement("", call(f"class {name}", base), colon=":"),
        docstring(text, INDENT),
        tuple(signature.to(world) for signature in signatures),
    )


def _heard(scope: Scope, event: Event) -> Signature:
    return Signature(
        scope.names.events[event.name],
        (
            "self",
            f"ctx: {scope.runtime('EventContext')}",
            f"payload: {scope.named(event.payload)}",
        ),
        "None",
        _doc(event, f"Hear `{event.name}`."),
    )


def _doc(event: Event, otherwise: str) -> str:
    travels = "" if event.priority == "info" else f"Priority {event.priority}."
    if event.delivery == "at_least_once":
        travels = f"{travels} Delivered at least once to every group.".strip()
    note = dated_note(event.dated, event.deprecated)
    text = paragraphs(sentence(event.doc) or otherwise, travels, note)
    return docstring(text, BODY)


def _import_all(scope: Scope) -> None:
    """What the templates spell themselves."""
    scope.typing("ClassVar")
    scope.runtime("Interface")
    scope.imports.use(".descriptor", "INTERFACE")
