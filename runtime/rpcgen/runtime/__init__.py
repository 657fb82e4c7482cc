"""What generated code and programs import: clients, servers, types and errors of rpcgen.

Names are loaded when first used, so that a blocking program does not pay for asyncio and a client not for the server.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rpcgen.runtime.aio.client import AsyncClient, AsyncSupports
    from rpcgen.runtime.aio.event_server import AsyncEventServer
    from rpcgen.runtime.aio.publisher import AsyncPublisher
    from rpcgen.runtime.aio.server import AsyncServer
    from rpcgen.runtime.aio.transport import AsyncTransport
    from rpcgen.runtime.blocking.client import Client, Supports
    from rpcgen.runtime.blocking.event_server import EventServer
    from rpcgen.runtime.blocking.publisher import Publisher
    from rpcgen.runtime.blocking.server import Server
    from rpcgen.runtime.blocking.transport import Transport
    from rpcgen.runtime.context import Context, EventContext, current_context, use_context
    from rpcgen.runtime.core.call import Profile, Router
    from rpcgen.runtime.core.pins import Pin
    from rpcgen.runtime.dated import Clock, Form, Gone, OlderType, Part
    from rpcgen.runtime.descriptor import (
        NOTHING,
        ErrorType,
        Event,
        Interface,
        Method,
        NoArgs,
        Opaque,
        Route,
        Topic,
    )
    from rpcgen.runtime.endpoint import AsyncEndpoint, AsyncSubscriber, Endpoint, Subscriber
    from rpcgen.runtime.errors import (
        ArgumentNotInVersion,
        AuthError,
        BadArguments,
        BadResult,
        BadUrl,
        ConfigurationError,
        ConnectionLost,
        DeadlineExceeded,
        DeclaredError,
        Draining,
        Expired,
        InterfaceClash,
        InvalidTarget,
        Malformed,
        MethodNotInVersion,
        MinorTooNew,
        MissingArgument,
        MistypedArgument,
        NotSent,
        Overloaded,
        Rejected,
        RemoteError,
        RpcgenError,
        Stale,
        TooLarge,
        Unauthenticated,
        Undeliverable,
        Unknown,
        UnknownArgument,
        UnknownMethod,
        UnknownNamespace,
        UnsupportedMajor,
        VersionPinned,
        VersionRejected,
        WrongKind,
    )
    from rpcgen.runtime.interceptor import Interceptor
    from rpcgen.runtime.opaque import OpaqueCodec
    from rpcgen.runtime.open_enum import OpenEnum
    from rpcgen.runtime.proxy import Sent
    from rpcgen.runtime.store import AsyncStore, AsyncTransaction, Store, Transaction, dedup
    from rpcgen.runtime.stores.sqlite import SqliteStore
    from rpcgen.runtime.stores.sqlite_aio import AsyncSqliteStore, SqliteWork
    from rpcgen.runtime.target import Target
    from rpcgen.runtime.values import ABSENT, Absent, OpenUnion, TaggedUnion, sent

#: Module (below this package) of every name that is loaded when first used.
_HOMES = {
    "aio.client": ("AsyncClient", "AsyncSupports"),
    "aio.event_server": ("AsyncEventServer",),
    "aio.publisher": ("AsyncPublisher",),
    "aio.server": ("AsyncServer",),
    "aio.transport": ("AsyncTransport",),
    "blocking.client": ("Client", "Supports"),
    "blocking.event_server": ("EventServer",),
    "blocking.publisher": ("Publisher",),
    "blocking.server": ("Server",),
    "blocking.transport": ("Transport",),
    "context": ("Context", "EventContext", "current_context", "use_context"),
    "core.call": ("Profile", "Router"),
    "core.pins": ("Pin",),
    "dated": ("Clock", "Form", "Gone", "OlderType", "Part"),
    "descriptor": (
        "NOTHING",
        "ErrorType",
        "Event",
        "Interface",
        "Method",
        "NoArgs",
        "Opaque",
        "Route",
        "Topic",
    ),
    "endpoint": ("AsyncEndpoint", "AsyncSubscriber", "Endpoint", "Subscriber"),
    "errors": (
        "ArgumentNotInVersion",
        "AuthError",
        "BadArguments",
        "BadResult",
        "BadUrl",
        "ConfigurationError",
        "ConnectionLost",
        "DeadlineExceeded",
        "DeclaredError",
        "Draining",
        "Expired",
        "InterfaceClash",
        "InvalidTarget",
        "Malformed",
        "MethodNotInVersion",
        "MinorTooNew",
        "MissingArgument",
        "MistypedArgument",
        "NotSent",
        "Overloaded",
        "Rejected",
        "RemoteError",
        "RpcgenError",
        "Stale",
        "TooLarge",
        "Unauthenticated",
        "Undeliverable",
        "Unknown",
        "UnknownArgument",
        "UnknownMethod",
        "UnknownNamespace",
        "UnsupportedMajor",
        "VersionPinned",
        "VersionRejected",
        "WrongKind",
    ),
    "interceptor": ("Interceptor",),
    "opaque": ("OpaqueCodec",),
    "open_enum": ("OpenEnum",),
    "proxy": ("Sent",),
    "store": ("AsyncStore", "AsyncTransaction", "Store", "Transaction", "dedup"),
    "stores.sqlite": ("SqliteStore",),
    "stores.sqlite_aio": ("AsyncSqliteStore", "SqliteWork"),
    "target": ("Target",),
    "values": ("ABSENT", "Absent", "OpenUnion", "TaggedUnion", "sent"),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "ABSENT",
    "Absent",
    "ArgumentNotInVersion",
    "AsyncClient",
    "AsyncEndpoint",
    "AsyncEventServer",
    "AsyncPublisher",
    "AsyncServer",
    "AsyncSqliteStore",
    "AsyncStore",
    "AsyncSubscriber",
    "AsyncSupports",
    "AsyncTransaction",
    "AsyncTransport",
    "AuthError",
    "BadArguments",
    "BadResult",
    "BadUrl",
    "Client",
    "Clock",
    "ConfigurationError",
    "ConnectionLost",
    "Context",
    "DeadlineExceeded",
    "DeclaredError",
    "Draining",
    "Endpoint",
    "ErrorType",
    "Event",
    "EventContext",
    "EventServer",
    "Expired",
    "Form",
    "Gone",
    "Interceptor",
    "Interface",
    "InterfaceClash",
    "InvalidTarget",
    "Malformed",
    "Method",
    "MethodNotInVersion",
    "MinorTooNew",
    "MissingArgument",
    "MistypedArgument",
    "NOTHING",
    "NoArgs",
    "NotSent",
    "OlderType",
    "Opaque",
    "OpaqueCodec",
    "OpenEnum",
    "OpenUnion",
    "Overloaded",
    "Part",
    "Pin",
    "Profile",
    "Publisher",
    "Rejected",
    "RemoteError",
    "Route",
    "Router",
    "RpcgenError",
    "Sent",
    "Server",
    "SqliteStore",
    "SqliteWork",
    "Stale",
    "Store",
    "Subscriber",
    "Supports",
    "TaggedUnion",
    "Target",
    "TooLarge",
    "Topic",
    "Transaction",
    "Transport",
    "Unauthenticated",
    "Undeliverable",
    "Unknown",
    "UnknownArgument",
    "UnknownMethod",
    "UnknownNamespace",
    "UnsupportedMajor",
    "VersionPinned",
    "VersionRejected",
    "WrongKind",
    "current_context",
    "dedup",
    "sent",
    "use_context",
]


def __getattr__(name: str) -> object:
    home = _HOME_OF.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value: object = getattr(import_module(f"{__name__}.{home}"), name)
    globals()[name] = value
    return value
