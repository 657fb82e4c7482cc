"""Older forms of methods: does each differ from the next one, and is everything in it dated inside its time?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from rpcgen.idl.model import Dated, Field, Form, Interface, Method, Returns, Route
from rpcgen.idl.report import Report
from rpcgen.idl.spans import end_in, spans
from rpcgen.idl.timeline import exists, spoken
from rpcgen.idl.version import Version


def check_forms(interface: Interface, report: Report) -> None:
    """Report older forms that say nothing, say it of the wrong time, or leave no way to send the method."""
    for method in interface.methods.values():
        if method.was:
            _check_method(method, report)
        _check_routes(method, spoken(interface), report)


def _check_method(method: Method, report: Report) -> None:
    now = next_form = Form(
        method.position,
        method.name,
        method.routes,
        method.args,
        Returns(method.returns, method.returns_constraints),
    )
    for until, form in sorted(method.was.items(), reverse=True):
        whole = _completed(form, now)
        if (whole.name, _says(whole)) == (next_form.name, _says(next_form)):
            message = f'the form of "{method.name}" until {until} is the next one, too'
            report.error("was-unchanged", message, form.position)
        _check_answer(form, whole, method, report)
        _check_dates(form, until, report)
        if form.args is not None and next_form.args is not None:
            _check_begun(next_form.args.values(), until, report)
        next_form = whole


def _completed(form: Form, now: Form) -> Form:
    """Fill what a form leaves out: that is as it is now."""
    return Form(
        form.position,
        form.name if form.name is not None else now.name,
        form.routes if form.routes is not None else now.routes,
        form.args if form.args is not None else now.args,
        form.returns if form.returns is not None else now.returns,
    )


def _says(form: Form) -> object:
    """Return what a form says but for its name, without places and docs."""
    args = {name: _member(field) for name, field in (form.args or {}).items()}
    return form.routes, args, form.returns


def _member(field: Field) -> object:
    pasts = (tuple(field.was.items()), tuple(field.was_type.items()))
    given = (field.default, field.constant, field.constraints, field.presence)
    return field.type, field.dated, field.older, field.send, *pasts, *given


def _check_answer(form: Form, whole: Form, method: Method, report: Report) -> None:
    """A form that can only be cast has no answer to describe."""
    answers = form.returns is not None and form.returns.type is not None
    if answers and whole.routes and all(route.kind == "cast" for route in whole.routes):
        message = f'the older form of "{method.name}" is only cast and has no answer, so `returns` means nothing'
        report.error("cast-with-answer", message, form.position)


def _check_dates(form: Form, until: Version, report: Report) -> None:
    """Report dates inside a form at which it was the form no more."""
    for field in (form.args or {}).values():
        date = _latest(field.dated, field.was, field.was_type)
        if date is not None and date >= until:
            message = f'"{field.name}" has the date {date}, and the form ended at {until}'
            report.error("form-date", message, field.position)
        elif field.dated.until and field.dated.until[-1] > until:
            message = (
                f'"{field.name}" ends at {field.dated.until[-1]}, and the form ended at {until}'
            )
            report.error("form-date", message, field.position)
    for route in form.routes or ():
        date = max((*route.dated.since, *route.dated.until), default=None)
        if date is not None and date > until:
            message = f"the route {route.to} has the date {date}, and the form ended at {until}"
            report.error("form-date", message, form.position)


def _latest(dated: Dated, *pasts: Mapping[Version, object]) -> Version | None:
    return max((*dated.since, *(bound for past in pasts for bound in past)), default=None)


def _check_begun(args: Iterable[Field], began: Version, report: Report) -> None:
    """Report dates of arguments from before the form that has them."""
    for field in args:
        dates = [date for date in field.dated.since if date < began]
        ends = (*field.dated.until, *field.was, *field.was_type)
        dates += [date for date in ends if date <= began]
        if dates:
            early = min(dates)
            message = f'"{field.name}" has the date {early}, and this form began at {began}'
            report.error(
                "form-date",
                message,
                field.position,
                hint="what was before stands in the older form in `was`",
            )


def _check_routes(method: Method, versions: tuple[Version, ...], report: Report) -> None:
    """Report a version at which a method exists, and no way to send it does."""
    history = {until: form.routes for until, form in method.was.items() if form.routes}
    if not method.routes or not any(
        route.dated.since or route.dated.until
        for routes in (method.routes, *history.values())
        for route in routes
    ):
        return
    for last in versions:
        for span in spans(method.dated, history, method.routes, last):
            at = _unsendable(span.what, span.begin, span.end, last)
            if at is not None:
                message = f'"{method.name}" exists at {at}, and none of its routes does'
                hint = "date the method itself, or leave one route undated"
                report.error("route-missing", message, method.position, hint=hint)
                return


def _unsendable(routes: tuple[Route, ...], begin: int, end: int, last: Version) -> Version | None:
    """Return the first version of a span at which no route exists."""
    ends = {end_in(route.dated.until, last) for route in routes}
    for minor in sorted({begin, *(minor for minor in ends if begin < minor < end)}):
        at = Version(last.major, minor)
        if not any(exists(route.dated, at) for route in routes):
            return at
    return None
