"""`since`, `until`, `deprecated` and the bare versions, checked against the version of the file."""

from __future__ import annotations

from rpcgen.idl.model import ALWAYS, Dated, Deprecated
from rpcgen.idl.position import Position
from rpcgen.idl.read.scope import Scope, text_at
from rpcgen.idl.read.shortform import Piece, ShortForm
from rpcgen.idl.timeline import has_ended
from rpcgen.idl.version import Version, parse_version
from rpcgen.idl.yamltext.nodes import Mapping, Node, Sequence, Text

Versions = tuple[Version, ...]

#: How many majors a file may tell apart.
MAX_MAJORS = 64


def read_version(
    text: Text, scope: Scope, *, bare_major: bool = False, key: bool = False
) -> Version | None:
    """Read a version that stands alone; None after a reported mistake."""
    version = version_of(text.value, text.at, scope, bare_major=bare_major)
    if version is not None and text.plain and not key:
        scope.report.warning(
            "version-not-string",
            f"the version {text.value} is not quoted",
            text.at,
            hint=f'write "{text.value}": other readers of YAML take it for a number',
        )
    return version


def version_of(
    text: str, at: Position, scope: Scope, *, bare_major: bool = False
) -> Version | None:
    """Read the text of a version."""
    version = parse_version(text, bare_major=bare_major)
    if version is None:
        scope.report.error(
            "bad-version",
            f'"{text[:80]}" is no version',
            at,
            hint='a version is MAJOR.MINOR, such as "6.5"',
        )
    return version


def read_dates(node: Node, scope: Scope) -> Versions:
    """Read the value of `since` or `until`: one version, one per major, or a map from interface to those."""
    if isinstance(node, Mapping) and scope.clock:
        of_interface(node.at, scope)
        return ()
    if isinstance(node, Mapping):
        own = node.get(scope.interface)
        if own is None and not scope.library and scope.interface:
            undated(node.at, scope)
        return _versions(own, scope) if own is not None else ()
    if scope.library:
        undated(node.at, scope)
        return ()
    return _versions(node, scope)


def undated(at: Position, scope: Scope) -> None:
    """Refuse a date that does not say whose it is, or not that it is this interface's."""
    scope.report.error(
        "date-without-interface",
        "a date in an imported file must name its interface"
        if scope.library
        else f'a date in the file of "{scope.interface}" must be of that interface',
        at,
        hint=f'write {{{scope.interface or "some.interface"}: "1.2"}}',
    )


def of_interface(at: Position, scope: Scope) -> None:
    """Refuse an interface's version inside a type that has one of its own."""
    scope.report.error(
        "date-of-interface",
        "dates inside a type with a version of its own count on that version",
        at,
        hint='write the version alone, such as "1.4"',
    )


def _versions(node: Node, scope: Scope) -> Versions:
    texts = [node] if isinstance(node, Text) else node.items if isinstance(node, Sequence) else []
    found: list[Version] = []
    if len(texts) > MAX_MAJORS:
        scope.report.error("dates-unordered", f"there are more than {MAX_MAJORS} dates", node.at)
        return ()
    for text in texts:
        if not isinstance(text, Text):
            continue
        version = read_version(text, scope)
        if version is None:
            continue
        if found and version.major <= found[-1].major:
            scope.report.error(
                "dates-unordered",
                f"{version} follows {found[-1]}, expected one version per major, ascending",
                text.at,
            )
            continue
        check_not_future(version, text.at, scope)
        found.append(version)
    return tuple(found)


def check_not_future(version: Version, at: Position, scope: Scope) -> None:
    """Refuse a date that the file has not reached."""
    if scope.version is None:
        return
    last = next((served for served in scope.serves if served.major == version.major), None)
    if version > scope.version:
        scope.report.error(
            "since-future",
            f"{version} is later than the file's version {scope.version}",
            at,
            hint="raise `version`, or correct the date",
        )
    elif last is not None and version > last:
        scope.report.error(
            "since-future",
            f"{version} is later than {last}, the last minor of that major in `serves`",
            at,
        )


def read_dated(node: Mapping, scope: Scope, inside: Dated = ALWAYS) -> Dated:
    """Read `since` and `until` of the long form."""
    since_node, until_node = node.get("since"), node.get("until")
    if since_node is None and until_node is None:
        return ALWAYS
    since = read_dates(since_node, scope) if since_node is not None else ()
    until = read_dates(until_node, scope) if until_node is not None else ()
    dated = Dated(since, until)
    check_order(dated, (until_node or since_node or node).at, scope)
    check_nested(dated, inside, (since_node or until_node or node).at, scope)
    return dated


def form_dated(form: ShortForm, node: Text, scope: Scope, inside: Dated = ALWAYS) -> Dated:
    """Read the dates of a short form, such as `int? since 6.2`."""
    if form.since is None and form.until is None:
        return ALWAYS
    since, until = _piece(form.since, node, scope), _piece(form.until, node, scope)
    dated = Dated(since, until)
    last = form.until or form.since
    if last is not None:
        check_order(dated, node.part(last.offset, len(last.text)), scope)
    first = form.since or form.until
    if first is not None:
        check_nested(dated, inside, node.part(first.offset, len(first.text)), scope)
    return dated


def _piece(piece: Piece | None, node: Text, scope: Scope) -> Versions:
    if piece is None:
        return ()
    return read_dates(
        Text(piece.text, node.part(piece.offset, len(piece.text)), plain=False), scope
    )


def check_order(dated: Dated, at: Position, scope: Scope) -> None:
    """Refuse what ends before it begins, in the same major or an earlier one."""
    for begin in dated.since:
        if has_ended(dated.until, begin):
            end = bound(dated.until, begin.major) or dated.until[0]
            scope.report.error(
                "until-before-since", f"until {end} is not later than since {begin}", at
            )
            return


def check_nested(dated: Dated, inside: Dated, at: Position, scope: Scope) -> None:
    """Refuse what is older than the thing it belongs to."""
    for begin in dated.since:
        outer = bound(inside.since, begin.major)
        if outer is None and inside.since and inside.since[0].major > begin.major:
            outer = inside.since[0]
        if outer is not None and begin < outer:
            scope.report.error(
                "since-nested",
                f"since {begin} is before {outer}, when the thing it belongs to began",
                at,
            )
    for date in (*dated.since, *dated.until):
        end = bound(inside.until, date.major)
        if end is None and inside.until and inside.until[0].major < date.major:
            end = inside.until[0]
        if end is not None and (date > end or (date in dated.since and date == end)):
            scope.report.error(
                "until-nested",
                f"{date} is after {end}, when the thing it belongs to ended"
                if date > end
                else f"since {date} is when the thing it belongs to ended",
                at,
            )
            return


def bound(since: Versions, major: int) -> Version | None:
    """Return the date that counts within a major, if the thing was dated in it."""
    return next((version for version in since if version.major == major), None)


def read_deprecated(node: Mapping, scope: Scope, inside: Dated = ALWAYS) -> Deprecated | None:
    """Read `deprecated: true` or `deprecated: {since, use}` of something that exists from when to when."""
    value = node.get("deprecated")
    if isinstance(value, Text):
        return Deprecated() if value.value == "true" else None
    if not isinstance(value, Mapping):
        return None
    since_node, use = value.get("since"), text_at(value, "use")
    since = read_dates(since_node, scope) if since_node is not None else ()
    if since_node is not None:
        check_nested(Dated(since), inside, since_node.at, scope)
    return Deprecated(since[-1] if since else None, use.value if use is not None else None)
