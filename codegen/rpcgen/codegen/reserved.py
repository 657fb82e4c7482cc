"""Names that generated code needs for itself. A name of the interface file that is one of them gets an underscore.

The tables are part of the output format: taking a word in or out renames things in users' code. Tests compare them
with the classes of the runtime, so that a new attribute there cannot be forgotten here.
"""

from __future__ import annotations

import keyword

KEYWORDS = frozenset(keyword.kwlist)

#: Built-in types that annotations spell; a field or method of that name would hide the type from its neighbours.
BUILTINS = frozenset({"bool", "bytes", "dict", "float", "int", "list", "object", "str"})

#: What some generated module imports, or defines for itself.
MODULE = frozenset(
    {
        "ABC",
        "ABSENT",
        "Annotated",
        "Any",
        "AsyncClient",
        "AsyncEndpoint",
        "AsyncPublisher",
        "AsyncSubscriber",
        "AsyncSupports",
        "AttributeError",
        "ClassVar",
        "Client",
        "Clock",
        "Context",
        "Decimal",
        "DeclaredError",
        "Endpoint",
        "ErrorType",
        "Event",
        "EventContext",
        "Form",
        "Gone",
        "INTERFACE",
        "Interface",
        "Literal",
        "Meta",
        "Method",
        "NoArgs",
        "NotImplementedError",
        "OlderType",
        "OpenEnum",
        "OpenUnion",
        "Part",
        "Protocol",
        "Publisher",
        "Route",
        "Sent",
        "StrEnum",
        "Struct",
        "Subscriber",
        "Supports",
        "TYPE_CHECKING",
        "TaggedUnion",
        "Topic",
        "TypeAlias",
        "UNSET",
        "UUID",
        "UnsetType",
        "abstractmethod",
        "dt",
        "runtime_checkable",
    }
)

#: Files of a generated package, which are attributes of it.
SUBMODULES = frozenset(
    {
        "async_client",
        "async_publisher",
        "client",
        "converters",
        "descriptor",
        "endpoint",
        "errors",
        "publisher",
        "subscriber",
        "types",
    }
)

#: What Python, a generated package and the runtime import before a program can do anything, in any version of Python. A
#: package of such a name would stand in the way of the module, or the module in its way, wherever its folder is searched.
IMPORTED = frozenset(
    {
        "abc",
        "annotationlib",
        "array",
        "ast",
        "asyncio",
        "atexit",
        "base64",
        "binascii",
        "bisect",
        "builtins",
        "codecs",
        "collections",
        "concurrent",
        "contextlib",
        "contextvars",
        "copyreg",
        "datetime",
        "decimal",
        "dis",
        "encodings",
        "enum",
        "errno",
        "fcntl",
        "fnmatch",
        "functools",
        "genericpath",
        "heapq",
        "importlib",
        "inspect",
        "io",
        "ipaddress",
        "itertools",
        "keyword",
        "linecache",
        "locale",
        "logging",
        "marshal",
        "math",
        "msgspec",
        "ntpath",
        "numbers",
        "opcode",
        "operator",
        "os",
        "pathlib",
        "platform",
        "posix",
        "posixpath",
        "random",
        "re",
        "reprlib",
        "rpcgen",
        "select",
        "selectors",
        "signal",
        "site",
        "socket",
        "ssl",
        "stat",
        "string",
        "struct",
        "subprocess",
        "sys",
        "textwrap",
        "threading",
        "time",
        "token",
        "tokenize",
        "traceback",
        "types",
        "typing",
        "typing_extensions",
        "urllib",
        "uuid",
        "warnings",
        "weakref",
        "zipimport",
    }
)

PACKAGES = KEYWORDS | IMPORTED

TYPES = KEYWORDS | BUILTINS | MODULE | SUBMODULES

#: Parameters that every method or handler has, and what stands in class bodies and constructors.
MEMBERS = KEYWORDS | BUILTINS | {"abstractmethod", "ctx", "dt", "property", "self", "super"}

METHODS = MEMBERS | {"can_send", "close", "prepare", "supports", "version"}

#: Of publishers and subscribers.
EVENTS = MEMBERS | {"close", "payload", "prepare", "version"}

ERROR_FIELDS = MEMBERS | {
    "add_note",
    "args",
    "message",
    "remote_traceback",
    "retryable",
    "type_name",
    "with_traceback",
}

UNION_MEMBERS = MEMBERS | {"tag", "unknown"}

#: Attributes of str and of enum members. Names made by the rule are in capitals and never meet one.
ENUM_MEMBERS = (
    KEYWORDS | {name for name in dir(str) if name[0] != "_"} | {"known", "mro", "name", "value"}
)
