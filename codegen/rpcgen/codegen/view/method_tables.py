"""The tables of methods: what the runtime reads about each, older forms included."""

from __future__ import annotations

from rpcgen.codegen.annotations import annotation
from rpcgen.codegen.conversions import form_stem, is_converted, until_text
from rpcgen.codegen.dates import Dates, pair
from rpcgen.codegen.destinations import live_key, live_paths
from rpcgen.codegen.docs import deprecation
from rpcgen.codegen.history import spoken_forms, spoken_routes
from rpcgen.codegen.layout import Expr, annotated, around, call, subscript, tuple_of
from rpcgen.codegen.literals import number_literal, text_literal
from rpcgen.codegen.scope import Scope
from rpcgen.codegen.view.typevalues import TypeValues
from rpcgen.idl.model import Event, Form, Method, Route, Topic
from rpcgen.idl.version import Version


class MethodTables:
    """The tables of one file; what they share is collected on the way."""

    def __init__(self, scope: Scope, dates: Dates, types: TypeValues) -> None:
        self._scope = scope
        self._dates = dates
        self._types = types

    def spell(self, method: Method) -> str:
        """The constant of one method."""
        scope = self._scope
        struct = (
            scope.names.argument_structs[method.name] if method.args else scope.runtime("NoArgs")
        )
        result: Expr = "None"
        if method.returns is not None:
            result = annotation(scope, method.returns, checked=False)
        make = scope.runtime("Method")
        options: list[Expr] = [
            f"name={text_literal(method.name)}",
            f"attribute={text_literal(scope.names.methods[method.name])}",
            f"args={struct}",
            *self._answer(method),
            *self._travel(method),
            *self._history(method),
        ]
        return annotated(
            scope.names.constants[method.name],
            subscript(make, struct, result),
            call(make, *options, exploded=True),
        )

    def _answer(self, method: Method) -> list[Expr]:
        returns: Expr = "None"
        if method.returns is not None:
            name = f"result_of_{method.name}"
            returns = self._types.use(name, method.returns, method.returns_constraints)
        routes = spoken_routes(method, self._scope.interface)
        raises: list[Expr] = [text_literal(each.error) for each in method.raises]
        found: list[Expr] = [around("returns=", returns), self._routes(routes)]
        return [*found, around("raises=", tuple_of(raises))] if raises else found

    def _travel(self, method: Method) -> list[Expr]:
        options: list[Expr] = []
        if to := live_paths(self._scope, method):
            options.append(f"destination={destination_name(method)}")
            text = ", ".join(path.text for path in to)
            options.append(f"destination_text={text_literal(text)}")
        timeout = method.timeout
        if timeout and timeout.seconds is not None:
            options.append(f"timeout={number_literal(float(timeout.seconds))}")
        if timeout and timeout.profile:
            options.append(f"profile={text_literal(timeout.profile)}")
        if method.idempotent:
            options.append("idempotent=True")
        options += promises(self._scope, method)
        if method.topic:
            options.append(around("topic=", topic_table(self._scope, method.topic, self._dates)))
        if method.router:
            options.append(f"router={text_literal(method.router)}")
        return options

    def _history(self, method: Method) -> list[Expr]:
        options: list[Expr] = [
            *self._dates.option("since", method.dated.since),
            *self._dates.option("until", method.dated.until),
        ]
        forms = spoken_forms(method, self._scope.interface)
        if forms:
            tables = [self._form(method, until, form) for until, form in forms]
            options.append(around("forms=", tuple_of(tables)))
        return options + deprecated_option(method)

    def _form(self, method: Method, until: Version, form: Form) -> Expr:
        options: list[Expr] = [pair(until)]
        if form.name is not None:
            options.append(f"name={text_literal(form.name)}")
        if form.routes is not None:
            options.append(self._routes(form.routes))
        if form.args:
            options.append(f"args={self._scope.names.form_structs[method.name, until]}")
        elif form.args is not None:
            options.append(f"args={self._scope.runtime('NoArgs')}")
        if form.returns is not None:
            returns: Expr = "None"
            if form.returns.type is not None:
                name = f"result_of_{method.name}_{until_text(until)}"
                returns = self._types.use(name, form.returns.type, form.returns.constraints)
            options.append(around("returns=", returns))
        if is_converted(method, form):
            options.append(f"convert={text_literal(form_stem(method, until))}")
        return call(self._scope.runtime("Form"), *options)

    def _routes(self, routes: tuple[Route, ...]) -> Expr:
        return around("routes=", tuple_of([self._route(route) for route in routes]))

    def _route(self, route: Route) -> Expr:
        options = [
            text_literal(route.kind),
            text_literal(route.to),
            *self._dates.option("since", route.dated.since),
            *self._dates.option("until", route.dated.until),
        ]
        return call(self._scope.runtime("Route"), *options)


def destination_name(method: Method) -> str:
    """The function that reads where a message goes."""
    return f"_destination_of_{method.name}"


def order_name(thing: Method | Event) -> str:
    """The function that reads which messages keep their order."""
    event = "_event" if isinstance(thing, Event) else ""
    return f"_order_of_{thing.name.replace('.', '_')}{event}"


def promises(scope: Scope, thing: Method | Event) -> list[Expr]:
    """What its messages may wait for, and whether they keep an order, or are kept."""
    options: list[Expr] = []
    if thing.delivery == "at_least_once":
        options.append("kept=True")
    if thing.ttl is not None:
        options.append(f"ttl={number_literal(thing.ttl)}")
    if live_key(scope, thing) is not None:
        options.append(f"order={order_name(thing)}")
    return options


def deprecated_option(thing: Method | Event) -> list[Expr]:
    """What to use instead."""
    if not thing.deprecated:
        return []
    text = deprecation(thing.deprecated, "since {}", "; use {}") or "it will be removed"
    return [f"deprecated={text_literal(text.removeprefix('; '))}"]


def topic_table(scope: Scope, topic: Topic, dates: Dates) -> Expr:
    """A topic."""
    since = dates.option("since", topic.since)
    return call(scope.runtime("Topic"), text_literal(topic.name), *since)
