"""The head of an interface file: its name, the versions that it speaks, and names for them."""

from __future__ import annotations

import re
from datetime import date

from rpcgen.idl.position import Position
from rpcgen.idl.read.dates import read_version
from rpcgen.idl.read.scope import Pending, Scope, entries_at, items_at, text_at
from rpcgen.idl.report import Report
from rpcgen.idl.version import Version, parse_version
from rpcgen.idl.yamltext.nodes import Mapping, Text

_INTERFACE_NAME = re.compile(r"[a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*)*", re.ASCII)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_RELEASE = re.compile(r"[a-z][a-z0-9_.-]{0,127}", re.ASCII)
#: How many older majors may be served; what is checked is checked in each.
MAX_SERVED = 16
#: Keys of an interface that have a place, and are no part.
_SAID = ("namespace", "serves", "send", "refused_as")
#: What a pin means besides names of releases: the live servers, an environment variable, and what Python takes for a number.
_PINS = re.compile(r"auto|env(?:[._-].*)?|inf|infinity|nan", re.ASCII)


def read_head(main: Mapping, report: Report) -> Scope:
    """Read what everything else in the file depends on."""
    scope = Scope(report, Pending(), "", None)
    name = text_at(main, "interface")
    if name is not None:
        scope.interface = name.value
        if not _INTERFACE_NAME.fullmatch(name.value) or len(name.value) > 255:
            report.error(
                "bad-interface-name",
                f'"{name.value[:80]}" cannot be the name of an interface',
                name.at,
                hint="lower-case names of ASCII letters, digits and underscores, joined by dots: nova.compute",
            )
    text = text_at(main, "version")
    scope.version = read_version(text, scope) if text is not None else None
    scope.serves = _serves(main, scope)
    return scope


def _serves(main: Mapping, scope: Scope) -> tuple[Version, ...]:
    served: list[Version] = []
    for item in items_at(main, "serves"):
        older = read_version(item, scope) if isinstance(item, Text) else None
        if older is None:
            continue
        message, hint = "", "`serves` names the last minor of each older major, ascending"
        if scope.version is not None and older.major >= scope.version.major:
            message = f"{older} is not of an older major than {scope.version}"
        elif len(served) >= MAX_SERVED:
            scope.report.error(
                "bad-serves", f"more than {MAX_SERVED} older majors are served", item.at
            )
            break
        elif any(older.major == known.major for known in served):
            message = f"major {older.major} is served twice"
        elif served and older < served[-1]:
            message = f"{older} follows {served[-1]}"
        if message:
            scope.report.error("bad-serves", message, item.at, hint=hint)
        else:
            served.append(older)
    return tuple(served)


def served_places(main: Mapping) -> dict[Version, Position]:
    """Return where each older major is named."""
    texts = [item for item in items_at(main, "serves") if isinstance(item, Text)]
    found = [(parse_version(text.value), text.at) for text in texts]
    return {version: at for version, at in found if version is not None}


def said_places(main: Mapping) -> dict[str, Position]:
    """Return where the file says what holds for all of it, by names such as `target.topic`."""
    found = {key: node.at for key in _SAID if (node := main.get(key)) is not None}
    found |= {f"serves {version}": at for version, at in served_places(main).items()}
    target = main.get("target")
    if isinstance(target, Mapping):
        found |= {f"target.{key}": entry.value.at for key, entry in target.entries.items()}
        also = [item for item in items_at(target, "also") if isinstance(item, Text)]
        found |= {f"target.also.{item.value}": item.at for item in also}
    return found


def read_releases(main: Mapping, scope: Scope) -> dict[str, Version]:
    """Read the names that a pin may use instead of a version."""
    releases: dict[str, Version] = {}
    for entry in entries_at(main, "releases"):
        name = scope.name(
            entry.key, _RELEASE, "a release", "lower-case letters, digits, _ . -, a letter first"
        )
        version = read_version(entry.value, scope) if isinstance(entry.value, Text) else None
        if name is None or version is None:
            continue
        if _PINS.fullmatch(name):
            message = f'"{name}" means something else where a pin is expected'
            scope.report.error("bad-release", message, entry.key.at)
        _check_spoken(version, entry.value.at, scope)
        releases[name] = version
    return releases


def read_supported(main: Mapping, scope: Scope) -> dict[int, date]:
    """Read until which day each older major stays in `serves`."""
    found: dict[int, date] = {}
    majors = {str(version.major): version.major for version in scope.serves}
    for entry in entries_at(main, "supported_until"):
        if entry.key.value not in majors:
            message = f'"{entry.key.value[:80]}" is no major in `serves`'
            scope.report.error("bad-supported-until", message, entry.key.at)
        if not isinstance(entry.value, Text):
            continue
        day = _day(entry.value.value)
        if day is None:
            message = f'"{entry.value.value[:80]}" is no day'
            hint = "write year, month and day, such as 2027-06-30"
            scope.report.error("bad-supported-until", message, entry.value.at, hint=hint)
            continue
        if entry.key.value in majors:
            found[majors[entry.key.value]] = day
    return found


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if _DAY.fullmatch(text) else None
    except ValueError:
        return None


def _check_spoken(version: Version, at: Position, scope: Scope) -> None:
    """Refuse a release at a version that no client can speak."""
    if scope.version is None:
        return
    if version > scope.version:
        message = f"{version} is later than the file's version {scope.version}"
        scope.report.error("since-future", message, at)
        return
    last = next((v for v in (*scope.serves, scope.version) if v.major == version.major), None)
    if last is None or version > last:
        message = f"{version} is no version that is served"
        hint = f"its major has none in `serves`, or {last or 'an older minor'} is its last minor"
        scope.report.error("bad-release", message, at, hint=hint)
