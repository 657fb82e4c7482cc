"""The language's structure as one table: which keys exist where, and what may stand behind each.

What the texts behind the keys mean is not known here. `FILE` describes an interface file, `LIBRARY` an imported one.
"""

from __future__ import annotations

from rpcgen.idl.model import Delivery, RouteName
from rpcgen.idl.shape import (
    Key,
    Keys,
    Shape,
    TextShape,
    either,
    entries,
    flag,
    history,
    keyed,
    listing,
    nullable,
    number,
    text,
    typed,
)

IDENTIFIER = "^[A-Za-z][A-Za-z0-9_]{0,127}$"
TYPE_NAME = "^[A-Z][A-Za-z0-9_]{0,127}$"
DOTTED = r"^[A-Za-z][A-Za-z0-9_]*(\.[A-Za-z][A-Za-z0-9_]*)*$"
INTERFACE_NAME = r"^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*$"
VERSION = r"^(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)$"
BARE_VERSION = r"^(0|[1-9][0-9]*)(\.(0|[1-9][0-9]*))?$"
WIRE_NAME = r"^(?!amq\.)[A-Za-z0-9_.:@+-]{1,255}$"

PRIORITIES = ("audit", "debug", "info", "warn", "error", "critical", "sample")
DELIVERIES: tuple[Delivery, ...] = ("at_most_once", "at_least_once")
ROUTES: tuple[RouteName, ...] = ("any", "server", "fanout")

_DOC = text("what it is, for people")
_VERSION = text('a version, such as "6.5"', pattern=VERSION)
_VERSIONS = either(
    "one version, or one per major", _VERSION, listing("one version per major", _VERSION)
)
_DATES = either(
    "a version, one per major, or a map from interface to version",
    _VERSION,
    listing("one version per major", _VERSION),
    entries("the version in each interface", _VERSIONS, INTERFACE_NAME),
)
_DEPRECATED = either(
    "deprecation: true or {since, use}",
    flag("true: it is deprecated"),
    keyed(
        "a deprecation",
        {"since": Key(_DATES), "use": Key(text("what to use instead"))},
    ),
)
_VALUE = Shape("a value of the type", anything=True)
_TYPE = typed("a type, such as list[string]?")
_EXAMPLES = listing("valid values", _VALUE)

#: What everything can carry.
_COMMON: Keys = {
    "doc": Key(_DOC),
    "since": Key(_DATES),
    "until": Key(_DATES),
    "deprecated": Key(_DEPRECATED),
}
_SIZE = either(
    "a length: a number, a range such as 1..64, or {min, max}",
    text("a number or a range", json=("string", "integer"), pattern=r"^[0-9]*(\.\.)?[0-9]*$"),
    keyed(
        "a size",
        {"min": Key(number("at least")), "max": Key(number("at most"))},
    ),
)
_CONSTRAINTS: Keys = {
    "min": Key(number("the least number")),
    "max": Key(number("the greatest number")),
    "size": Key(_SIZE),
    "pattern": Key(text("a regular expression that is found in the text")),
    "unique": Key(flag("whether the items of the list differ")),
}
_PRESENCE = Key(text("whether absent and null differ", "implicit", "explicit"))
_SEND = Key(text("whether what is unset is sent", "set", "always"))

OLDER_TYPE = either(
    "the older type, such as `int = 3`",
    typed("the older type, such as `int = 3`"),
    keyed(
        "an older type",
        {"type": Key(_TYPE, required=True), "default": Key(_VALUE), **_CONSTRAINTS},
    ),
)
MEMBER = either(
    "a type such as `list[string]? = [] since 6.2`, or a map with `type`",
    typed("a short form"),
    keyed(
        "an argument or field",
        {
            "type": Key(_TYPE),
            "default": Key(_VALUE),
            "constant": Key(_VALUE),
            "older": Key(text("what an older peer makes of it", "refuse_if_set", "drop", "refuse")),
            "send": _SEND,
            "was": Key(
                history("its names before", text("the older name"), BARE_VERSION, INTERFACE_NAME)
            ),
            "was_type": Key(
                history(
                    "its types before",
                    OLDER_TYPE,
                    BARE_VERSION,
                    INTERFACE_NAME,
                )
            ),
            "presence": _PRESENCE,
            "examples": Key(_EXAMPLES),
            **_CONSTRAINTS,
            **_COMMON,
        },
        one_of=("constant", "type"),
    ),
)
_FIELDS = nullable(entries("fields by name", MEMBER, IDENTIFIER))

_DATED_KEYS: Keys = {key: _COMMON[key] for key in ("since", "until")}
_ENUM_TEXT = text(
    "a value, such as running or `shelved since 6.4`", json=("string", "number", "boolean", "null")
)
_ENUM_KEYS = keyed("an enum value", {"value": Key(_ENUM_TEXT, required=True), **_COMMON})
_ENUM = either(
    "a list of values, or a map from name to value",
    listing("values", either("a value", _ENUM_TEXT, _ENUM_KEYS)),
    entries("values by name", either("a value", _ENUM_TEXT, _ENUM_KEYS), IDENTIFIER),
)
_OPEN = either(
    "true or {since}",
    flag("whether readers keep what they do not know"),
    keyed("the opening of a type", {"since": Key(_DATES, required=True)}),
)
_UNION = entries(
    "types by tag",
    either(
        "a type, such as VolumeRef or `VolumeRef since 6.2`",
        typed("a type"),
        keyed("a member of a union", {"type": Key(_TYPE, required=True), **_COMMON}),
    ),
    IDENTIFIER,
)
_ENVELOPE_KEY = text("a key of what travels")
ENVELOPE = keyed(
    "an envelope",
    {
        "name": Key(_ENVELOPE_KEY),
        "version": Key(_ENVELOPE_KEY),
        "data": Key(_ENVELOPE_KEY),
        "constants": Key(
            entries(
                "texts by key that travel, too",
                text("a text", json=("string", "number", "boolean")),
            )
        ),
    },
)
_OWN_CLOCK: Keys = {
    "version": Key(text('the version of this type alone, such as "1.9"', pattern=VERSION)),
    "envelope": Key(ENVELOPE),
}

TYPE = either(
    "a type, or a map with one of `type`, `fields`, `enum`, `union`, `opaque`",
    typed("another spelling of a type"),
    Shape(
        "a type",
        variants={
            "enum": {
                "enum": Key(_ENUM, True),
                "open": Key(_OPEN),
                "fallback": Key(entries("what older readers are told", _ENUM_TEXT)),
                "examples": Key(_EXAMPLES),
                **_COMMON,
            },
            "union": {
                "union": Key(_UNION, True),
                "open": Key(_OPEN),
                "examples": Key(_EXAMPLES),
                **_COMMON,
            },
            "opaque": {
                "opaque": Key(flag("true"), True),
                "attributes": Key(entries("what `to:` may look at", _TYPE, IDENTIFIER)),
                **_COMMON,
            },
            "fields": {
                "fields": Key(_FIELDS, True),
                "extends": Key(text("a struct")),
                "presence": _PRESENCE,
                "examples": Key(_EXAMPLES),
                **_OWN_CLOCK,
                **_COMMON,
            },
            "extends": {
                "extends": Key(text("a struct"), True),
                "fields": Key(_FIELDS),
                "presence": _PRESENCE,
                "examples": Key(_EXAMPLES),
                **_OWN_CLOCK,
                **_COMMON,
            },
            "type": {
                "type": Key(_TYPE, True),
                "examples": Key(_EXAMPLES),
                **_CONSTRAINTS,
                **_COMMON,
            },
        },
    ),
)

ERROR = nullable(
    keyed(
        "an error",
        {
            "fields": Key(_FIELDS),
            "extends": Key(text("another error")),
            "retryable": Key(flag("whether trying again may help")),
            "wire": Key(text("its name for peers of other wires")),
            **_COMMON,
        },
    )
)

_ROUTE = either(
    "any, server or fanout",
    text("a route, such as server or `server since 6.4`", pattern=r"^(any|server|fanout)(\s.*)?$"),
    keyed(
        "a route",
        {"route": Key(text("a route", *ROUTES), required=True), **_DATED_KEYS},
    ),
)
_ROUTES = Shape(
    "any, server, fanout, or a list of them", text=_ROUTE.text, keys=_ROUTE.keys, items=_ROUTE
)
_PATHS = either(
    "a path such as instance.host, or a list of them",
    text("a path"),
    listing("paths; the first that is not null is used", text("a path")),
)
_TOPIC = either(
    "a topic, or {name, since}",
    text("a topic", pattern=WIRE_NAME),
    keyed(
        "a topic",
        {"name": Key(text("a topic", pattern=WIRE_NAME), required=True), "since": Key(_DATES)},
    ),
)
_RAISES = listing(
    "errors",
    either(
        "an error, such as Busy or `Busy since 6.4`",
        text("an error"),
        keyed("a raised error", {"error": Key(text("an error"), required=True), **_DATED_KEYS}),
    ),
)
_DELIVERY: Keys = {
    "delivery": Key(text("what becomes of a message when something fails", *DELIVERIES)),
    "ttl": Key(
        text(
            "how long a message may wait: 30s, 2m, 1.5h or a number of seconds",
            json=("string", "number"),
        )
    ),
    "ordering_key": Key(text("a path; messages with the same value there keep their order")),
}

_ARGS = nullable(entries("arguments by name", MEMBER, IDENTIFIER))
_RETURNS = either(
    "a type, or a map with `type`",
    _TYPE,
    keyed("a type with constraints", {"type": Key(_TYPE, required=True), **_CONSTRAINTS}),
)
FORM = either(
    "the older name, or a map of what was different",
    text("the older name"),
    keyed(
        "an older form",
        {
            "name": Key(text("the older name")),
            "call": Key(_ROUTES),
            "cast": Key(_ROUTES),
            "args": Key(_ARGS),
            "returns": Key(nullable(_RETURNS)),
        },
    ),
)

METHOD = keyed(
    "a method",
    {
        "call": Key(_ROUTES),
        "cast": Key(_ROUTES),
        "args": Key(_ARGS),
        "returns": Key(_RETURNS),
        "raises": Key(_RAISES),
        "to": Key(_PATHS),
        "timeout": Key(
            text("30s, 2m, 1.5h, a number of seconds, or long", json=("string", "number"))
        ),
        "idempotent": Key(flag("whether doing it twice is as good as once")),
        "topic": Key(_TOPIC),
        "router": Key(text("the name of the program's router")),
        "examples": Key(listing("arguments of valid calls", _VALUE)),
        "was": Key(entries("what it was before, by version", FORM, BARE_VERSION)),
        **_DELIVERY,
        **_COMMON,
    },
    one_of=("cast", "call"),
)

EVENT = keyed(
    "an event",
    {
        "payload": Key(text("a struct"), required=True),
        "priority": Key(text("how important it is", *PRIORITIES)),
        "examples": Key(_EXAMPLES),
        **_DELIVERY,
        **_COMMON,
    },
)

_TARGET = keyed(
    "where the interface lives",
    {
        "exchange": Key(text("an exchange", pattern=WIRE_NAME)),
        "topic": Key(_TOPIC),
        "to": Key(_PATHS),
        "router": Key(text("the name of the program's router")),
        "also": Key(
            listing("topics that servers listen on, too", text("a topic", pattern=WIRE_NAME))
        ),
    },
)

_SHARED: Keys = {
    "rpcgen": Key(text("the version of this language: 1", "1", json=("integer",)), required=True),
    "doc": Key(_DOC),
    "imports": Key(nullable(listing("files with types and errors", text("a relative path")))),
    "types": Key(nullable(entries("types by name", TYPE, TYPE_NAME))),
    "errors": Key(nullable(entries("errors by name", ERROR, TYPE_NAME))),
}
LIBRARY = keyed("a file of types and errors", _SHARED)
FILE = keyed(
    "an interface",
    {
        "rpcgen": _SHARED["rpcgen"],
        "interface": Key(
            text("its name, such as nova.compute", pattern=INTERFACE_NAME), required=True
        ),
        "namespace": Key(
            Shape("its name on the wire, or null", text=TextShape(pattern=WIRE_NAME), null=True)
        ),
        "version": Key(
            text('the version that this file describes, such as "6.5"', pattern=VERSION),
            required=True,
        ),
        "serves": Key(listing("older majors still spoken, each at its last minor", _VERSION)),
        "send": _SEND,
        "target": Key(nullable(_TARGET)),
        "releases": Key(
            nullable(entries("names of versions", _VERSION, r"^[a-z][a-z0-9_.-]{0,127}$"))
        ),
        "refused_as": Key(text("the error that a client raises when its pin is too old")),
        "supported_until": Key(
            nullable(
                entries(
                    "how long older majors stay in `serves`",
                    text("a day, such as 2027-06-30", pattern=r"^\d{4}-\d{2}-\d{2}$"),
                    r"^(0|[1-9][0-9]*)$",
                )
            )
        ),
        **{key: value for key, value in _SHARED.items() if key != "rpcgen"},
        "methods": Key(nullable(entries("methods by name", METHOD, IDENTIFIER))),
        "events": Key(nullable(entries("events by name", EVENT, DOTTED))),
    },
)
