"""The tables of events: what the runtime reads about each."""

from __future__ import annotations

from rpcgen.codegen.dates import Dates
from rpcgen.codegen.layout import Expr, annotated, call, subscript
from rpcgen.codegen.literals import text_literal
from rpcgen.codegen.scope import Scope
from rpcgen.codegen.view.method_tables import deprecated_option, promises
from rpcgen.idl.model import Event


def event_table(scope: Scope, event: Event, dates: Dates) -> str:
    """The constant of one event."""
    make, payload = scope.runtime("Event"), scope.named(event.payload)
    options: list[Expr] = [
        f"name={text_literal(event.name)}",
        f"attribute={text_literal(scope.names.events[event.name])}",
        f"payload={payload}",
    ]
    if event.priority != "info":
        options.append(f"priority={text_literal(event.priority)}")
    options += promises(scope, event)
    options += dates.option("since", event.dated.since)
    options += dates.option("until", event.dated.until)
    options += deprecated_option(event)
    return annotated(
        scope.names.event_constants[event.name],
        subscript(make, payload),
        call(make, *options, exploded=True),
    )
