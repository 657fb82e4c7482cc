"""What docstrings say: the author's words first, then what the file says in other ways. Text only, no quoting."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from rpcgen.codegen.annotations import annotation
from rpcgen.codegen.containers import FieldSet
from rpcgen.codegen.destinations import live_paths
from rpcgen.codegen.fields import Shape
from rpcgen.codegen.history import is_past, spoken_forms, spoken_routes
from rpcgen.codegen.layout import flat
from rpcgen.codegen.scope import Scope
from rpcgen.idl.model import (
    NO_CONSTRAINTS,
    Constraints,
    Dated,
    Deprecated,
    DestinationPath,
    Field,
    ListOf,
    MapOf,
    Method,
    Older,
    Route,
    Scalar,
    TypeExpr,
)
from rpcgen.idl.typetext import type_text
from rpcgen.idl.version import Version

_ROUTES = {"any": "any server", "server": "one server", "fanout": "every server"}


#: What becomes of a newer argument where the pin is older.
_PINNED: dict[Older | None, str] = {
    None: "; with an older pin: refused if set",
    "refuse_if_set": "; with an older pin: refused if set",
    "drop": "; with an older pin: left out",
    "refuse": "; with an older pin: refused",
}


def sentence(text: str) -> str:
    """The author's text, trimmed, with a full stop if it lacks one."""
    text = text.strip()
    return text if not text or text[-1] in ".!?:;)`\"'" else f"{text}."


def paragraphs(*parts: str) -> str:
    """Join what is not empty, a blank line between."""
    return "\n\n".join(part for part in parts if part.strip())


def versions(found: Iterable[Version]) -> str:
    """`5.13 and 6.2`."""
    return " and ".join(str(version) for version in found)


def dated_note(dated: Dated, deprecated: Deprecated | None, older: str = "") -> str:
    """Since and until when something exists, what an older peer means for it, and that one should not use it."""
    parts = [f"Since {versions(dated.since)}{older}."] if dated.since else []
    if dated.until:
        parts.append(f"Until {versions(dated.until)}.")
    if deprecated is not None:
        parts.append(f"Deprecated{deprecation(deprecated, ' since {}', '; use {}')}.")
    return " ".join(parts)


def deprecation(deprecated: Deprecated, since: str, use: str) -> str:
    """The parts of a deprecation that are known, each in its frame."""
    text = since.replace("{}", str(deprecated.since)) if deprecated.since else ""
    return text + (use.replace("{}", deprecated.use) if deprecated.use else "")


def documented(text: str, dated: Dated, deprecated: Deprecated | None, otherwise: str = "") -> str:
    """The docstring of something with nothing to list."""
    note = dated_note(dated, deprecated)
    return paragraphs(sentence(text) or otherwise, note)


def field_note(
    scope: Scope,
    own: FieldSet,
    field: Field,
    form: Shape,
    *,
    signature: bool = False,
    pinned: bool = False,
) -> str:
    """One entry of Args or Attributes; empty if there is nothing to say that the annotation does not.

    Args:
        scope: the file that it is for.
        own: what the field belongs to.
        field: the field.
        form: its shape.
        signature: somebody may pass None for the default.
        pinned: somebody may pass it to a client that has to speak to older servers.
    """
    parts = [sentence(field.doc), *_bounds(scope, field.type, form.constraints)]
    if form.absent:
        parts.append("UNSET: not given.")
    if signature and form.default is not None and not form.default.shared:
        parts.append(f"None means {form.default.text}.")
    older = _PINNED[field.older] if pinned and own.is_newer(field) else ""
    parts += [dated_note(field.dated, field.deprecated, older), *_older_forms(own, field)]
    return " ".join(part for part in parts if part)


def _older_forms(own: FieldSet, field: Field) -> Iterator[str]:
    """What a field was called, and of which type it was."""
    for until in sorted({*field.was, *field.was_type}):
        if is_past([until], own.clock):
            words = [field.was[until]] if until in field.was else []
            if until in field.was_type:
                words.append(type_text(field.was_type[until].type))
            yield f"Until {until}: {', '.join(f'`{word}`' for word in words)}."


def _bounds(scope: Scope, of: TypeExpr, constraints: Constraints) -> list[str]:
    if constraints == NO_CONSTRAINTS:
        return []
    unit = _unit(scope.bare(of))
    found = [
        _bound("At least", constraints.min, ""),
        _bound("At most", constraints.max, ""),
        _bound("At least", constraints.min_size, unit),
        _bound("At most", constraints.max_size, unit),
    ]
    found = [text for text in found if text]
    if constraints.pattern is not None:
        found.append(f"Matches `{constraints.pattern}`.")
    if constraints.unique:
        found.append("No element twice.")
    return found


def _bound(words: str, bound: float | None, unit: str) -> str:
    if bound is None:
        return ""
    if bound == 1:
        unit = {"entries": "entry"}.get(unit, unit.removesuffix("s"))
    return f"{words} {bound} {unit}.".replace(" .", ".")


def _unit(of: TypeExpr) -> str:
    match of:
        case ListOf():
            return "elements"
        case MapOf():
            return "entries"
        case Scalar("bytes"):
            return "bytes"
        case _:
            return "characters"


def alias_note(scope: Scope, of: TypeExpr, constraints: Constraints) -> str:
    """What an alias demands."""
    return " ".join(_bounds(scope, of, constraints))


def section(title: str, entries: Sequence[tuple[str, str]]) -> str:
    """`Args:` and its entries; an entry without text is left out."""
    lines = [f"    {name}: {_hang(text)}" for name, text in entries if text]
    return "\n".join([f"{title}:", *lines]) if lines else ""


def _hang(text: str) -> str:
    return text.replace("\n", "\n        ")


def method_doc(
    scope: Scope, method: Method, arguments: Sequence[tuple[str, str]], kind: str
) -> str:
    """The docstring of a client's method."""
    routes = [each for each in spoken_routes(method, scope.interface) if each.kind == kind]
    travel = _travel(routes, live_paths(scope, method))
    travel += f"; {_waiting(method)}." if kind == "call" else "."
    return paragraphs(
        sentence(method.doc),
        travel,
        _method_history(scope, method),
        section("Args", arguments),
        _raised(scope, method) if kind == "call" else "",
    )


def handler_doc(scope: Scope, method: Method, arguments: Sequence[tuple[str, str]]) -> str:
    """The docstring of an endpoint's method."""
    returns = (
        ""
        if method.returns is None
        else f"Returns {flat(annotation(scope, method.returns, checked=False))}."
    )
    return paragraphs(
        sentence(method.doc) or returns or f"Handle `{method.name}`.",
        _method_history(scope, method),
        section("Args", arguments),
        _raised(scope, method),
    )


def _method_history(scope: Scope, method: Method) -> str:
    """When a method exists, where it has moved to, and what it was."""
    parts = [dated_note(method.dated, method.deprecated)]
    if method.topic is not None and method.topic.since:
        parts.append(f"Topic `{method.topic.name}` since {versions(method.topic.since)}.")
    for until, form in spoken_forms(method, scope.interface):
        words = [f"`{form.name}`"] if form.name is not None else []
        words += [f"a {kind}" for kind in dict.fromkeys(route.kind for route in form.routes or ())]
        words += ["other arguments"] if form.args is not None else []
        words += ["another result"] if form.returns is not None else []
        parts.append(f"Until {until}: {', '.join(words)}.")
    return " ".join(part for part in parts if part)


def _travel(routes: Sequence[Route], to: Sequence[DestinationPath]) -> str:
    targets: list[str] = []
    for route in routes:
        text = _ROUTES[route.to]
        if route.to == "server" and to:
            paths = ", else ".join(f"`{path.text}`" for path in to)
            text = f"the server that {paths} names, or `prepare(server=...)`"
        elif route.to == "server":
            text = "the server that `prepare(server=...)` names"
        if note := dated_note(route.dated, None):
            text += f" ({note[0].lower()}{note[1:-1]})"
        targets.append(text)
    return f"A {routes[0].kind} to {', or to '.join(targets)}"


def _waiting(method: Method) -> str:
    timeout = method.timeout
    if timeout is None:
        return "waits for the client's own timeout (60 seconds by default)"
    if timeout.profile is not None:
        return f"waits as the profile `{timeout.profile}` says"
    amount = f"{timeout.seconds:g}"
    unit = "second" if amount == "1" else "seconds"
    return f"waits at most {amount} {unit} unless `prepare(timeout=...)` says otherwise"


def _raised(scope: Scope, method: Method) -> str:
    entries: list[tuple[str, str]] = []
    for each in method.raises:
        error = scope.interface.errors[each.error]
        since = f"Since {versions(each.dated.since)}." if each.dated.since else ""
        text = " ".join(part for part in (sentence(error.doc), since) if part)
        entries.append((scope.names.errors[each.error], text or "Declared by the interface."))
    return section("Raises", entries)
