"""Every way in which an operation can end other than well.

    RpcgenError
    ├── ConfigurationError (ValueError)   the program's mistake, found at start
    │   ├── BadUrl
    │   ├── InvalidTarget
    │   └── InterfaceClash                two endpoints claim one method
    ├── NotSent (ConnectionError)         executed 0 times; nothing left this process, or nobody took it
    │   ├── AuthError
    │   ├── TooLarge (ValueError)
    │   └── Undeliverable                 nobody subscribes to the event
    ├── Rejected                          a server (or this client's own check) proved that it was executed 0 times
    │   ├── Overloaded, Draining, Expired, Stale, Unauthenticated, Malformed
    │   ├── VersionRejected
    │   │   ├── UnsupportedMajor, MinorTooNew, MethodNotInVersion, ArgumentNotInVersion
    │   │   └── VersionPinned             this client may not write what the message needs
    │   ├── UnknownNamespace, UnknownMethod, WrongKind (ValueError)
    │   └── BadArguments (ValueError)
    │       └── UnknownArgument, MissingArgument, MistypedArgument
    ├── Unknown                           executed 0 or 1 times
    │   ├── DeadlineExceeded (TimeoutError)
    │   └── ConnectionLost (ConnectionError)
    └── RemoteError                       executed; the handler raised
        ├── DeclaredError                 one of the interface's own errors
        └── BadResult                     executed, but its result could not be used

What travels is the class's `code`, never its name or a module path: an unknown code becomes the nearest base class.
Knows nothing of frames: `core/answers.py` turns answers into these.
"""

from __future__ import annotations

from typing import ClassVar


class RpcgenError(Exception):
    """The root of every exception that this library raises on purpose."""


class ConfigurationError(RpcgenError, ValueError):
    """The program asked for something that cannot be; raised where it was asked, before any message is sent."""


class BadUrl(ConfigurationError):
    """A transport URL that cannot be used."""


class InvalidTarget(ConfigurationError):
    """A topic, exchange or server name that is not allowed, or a route that the method does not have."""


class InterfaceClash(ConfigurationError):
    """Two endpoints of one server claim the same method of the same namespace."""


class NotSent(RpcgenError, ConnectionError):
    """The message reached nobody: it was executed 0 times and may be sent again."""


class Undeliverable(NotSent):
    """Nobody subscribes to the event, and its publisher had asked that somebody does."""


class AuthError(NotSent):
    """The peer refused our credentials, or showed wrong ones."""


class TooLarge(NotSent, ValueError):
    """The encoded message is larger than the transport's limit (bytes)."""


class Rejected(RpcgenError):
    """Refused before any handler ran: executed 0 times.

    Attributes:
        path: the argument at fault, e.g. `instance.uuid`, or None.
        retry_after: seconds after which a retry makes sense; None if a retry does not help.
    """

    code: ClassVar[str] = "rejected"

    def __init__(
        self, message: str = "", *, path: str | None = None, retry_after: float | None = None
    ) -> None:
        super().__init__(message)
        self.path = path
        self.retry_after = retry_after


class Overloaded(Rejected):
    """The server runs as much as it may, and its queue is full."""

    code = "overloaded"


class Draining(Rejected):
    """The server is stopping and takes no new work; another server may."""

    code = "draining"


class Expired(Rejected):
    """The request's time was over before a handler could start."""

    code = "expired"


class Stale(Rejected):
    """The server was away, and cannot tell whether the request's time is over; a client that waits sends it again."""

    code = "stale"


class Unauthenticated(Rejected):
    """The server does not know who is asking."""

    code = "unauthenticated"


class Malformed(Rejected):
    """The server could not read the envelope of the request."""

    code = "malformed"


class VersionRejected(Rejected):
    """The message needs another version than the server serves."""

    code = "version"


class UnsupportedMajor(VersionRejected):
    """The server does not serve the message's major version."""

    code = "unsupported_major"


class MinorTooNew(VersionRejected):
    """The message needs a newer minor version than the server serves."""

    code = "minor_too_new"


class MethodNotInVersion(VersionRejected):
    """The method does not exist at the version that the message names."""

    code = "method_not_in_version"


class ArgumentNotInVersion(VersionRejected):
    """An argument, or a part of one, does not exist at the version that the message names."""

    code = "argument_not_in_version"


class VersionPinned(VersionRejected):
    """This client is pinned to a version that has no place for what was asked; nothing was sent.

    Attributes:
        method: its name in the interface.
        argument: the path of what does not fit, e.g. `instance.tags`; None if it is the method or its route.
        needs: the (major, minor) version from which on it would fit; None if there is none.
        pin: the (major, minor) that the client is pinned to; None if it is not, and what was asked has ended.
    """

    def __init__(
        self,
        message: str = "",
        *,
        method: str = "",
        argument: str | None = None,
        needs: tuple[int, int] | None = None,
        pin: tuple[int, int] | None = None,
        path: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message, path=path or argument, retry_after=retry_after)
        self.method = method
        self.argument = argument
        self.needs = needs
        self.pin = pin


class UnknownNamespace(Rejected):
    """The server has no interface in this namespace."""

    code = "unknown_namespace"


class UnknownMethod(Rejected):
    """No interface of the namespace has this method."""

    code = "unknown_method"


class WrongKind(Rejected, ValueError):
    """The method was called where it can only be cast, or the reverse."""

    code = "wrong_kind"


class BadArguments(Rejected, ValueError):
    """The arguments do not fit the interface."""

    code = "bad_arguments"


class UnknownArgument(BadArguments):
    """The message has an argument or field that the interface does not know."""

    code = "unknown_argument"


class MissingArgument(BadArguments):
    """A required argument or field is not there."""

    code = "missing_argument"


class MistypedArgument(BadArguments):
    """An argument or field has the wrong type, or breaks a constraint."""

    code = "mistyped_argument"


class Unknown(RpcgenError):
    """The message left, and nobody can say whether it was executed: 0 or 1 times."""

    maybe_executed: ClassVar[bool] = True


class DeadlineExceeded(Unknown, TimeoutError):
    """No reply came in time."""


class ConnectionLost(Unknown, ConnectionError):
    """The server went away, or fell silent, while it had our request."""


class RemoteError(RpcgenError):
    """The handler raised something that the interface does not declare.

    Attributes:
        type_name: the name of the exception's class on the server, for people to read.
        message: its text.
        remote_traceback: the server's traceback, only if that server was started with `debug=True`.
    """

    def __init__(
        self, message: str = "", *, type_name: str = "", remote_traceback: str | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.type_name = type_name or type(self).__name__
        self.remote_traceback = remote_traceback

    def __str__(self) -> str:
        if type(self) is RemoteError and self.type_name != "RemoteError":
            return f"{self.type_name}: {self.message}"
        return self.message


class BadResult(RemoteError):
    """The handler ran, but its result did not fit the interface, or could not be read."""


class DeclaredError(RemoteError):
    """Base of the errors that an interface declares; generated classes add typed fields as attributes.

    Raise a subclass in a handler; the caller catches the same class, with the same fields.
    """

    retryable: ClassVar[bool] = False
