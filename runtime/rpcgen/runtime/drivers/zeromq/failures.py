"""Why a connection could not be made, or was lost: errors for the caller, lines for people. Knows no engine."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, Literal

import zmq
from rpcgen.runtime.drivers.zeromq.monitor import Change
from rpcgen.runtime.errors import AuthError, ConnectionLost, Draining, NotSent, RpcgenError
from rpcgen.runtime.peers import Stranded, Undelivered

if TYPE_CHECKING:
    from rpcgen.runtime.outgoing import Outgoing

Level = Literal["DEBUG", "INFO", "WARNING"]

#: Seconds between two warnings that say the same.
SILENCE: Final = 10.0

#: How a connection that was never in use failed.
_FAILURES: Final[dict[Change, tuple[type[NotSent], str]]] = {
    "refused": (NotSent, "connection refused"),
    "no_handshake": (NotSent, "it is no server of ours"),
    "other_security": (
        AuthError,
        "only one of us has a key (options curve_key and curve_peers)",
    ),
    "no_curve": (
        AuthError,
        "it has no key (options curve_key and curve_peers), or is no server of ours",
    ),
    "unauthenticated": (AuthError, "it does not admit our key"),
    "broken": (NotSent, "it hung up"),
}


def failure(change: Change, *, has_key: bool) -> NotSent:
    """How a connection failed that was never in use.

    A server says nothing to who has no key, or a wrong one: it hangs up in the handshake.

    Args:
        change: what happened.
        has_key: whether we have one.
    """
    if change != "hung_up":
        cls, text = _FAILURES[change]
        return cls(text)
    if has_key:
        return AuthError(
            "it hung up in the handshake: its key is another than we were told, or it has none"
        )
    return AuthError(
        "it hung up in the handshake: it wants a key (options curve_key and curve_peers), or is no server of ours"
    )


def unlisted() -> NotSent:
    """Why a server is not used that the matchmaker names no more."""
    return NotSent("it is not listed any more")


def as_loss(name: str, reason: RpcgenError) -> RpcgenError:
    """What the callers of a server hear when the connection to it ends."""
    if isinstance(reason, ConnectionLost | AuthError | Draining):
        return reason
    return ConnectionLost(f"the connection to {name} was closed: {reason}")


def stranded(name: str, messages: Sequence[Outgoing]) -> list[Undelivered]:
    """What the callers hear whose messages had not left when the connection ended: another server may have them."""
    return [
        Undelivered(
            each.id, Stranded(f"the connection to {name} was lost before the message had left")
        )
        for each in messages
    ]


def no_room(name: str, hwm: int) -> NotSent:
    """Why a server that takes no more is sent nothing."""
    return NotSent(f"{name} does not read: {hwm} messages wait for it (option hwm)")


def no_socket(error: zmq.ZMQError) -> NotSent:
    """Why a socket could not be made."""
    from rpcgen.runtime import descriptors  # nearly never needed

    if error.errno in descriptors.EXHAUSTED:
        return NotSent(descriptors.complaint())
    return NotSent(f"cannot connect: {error.strerror}")


def log(level: Level, text: str, *args: object) -> None:
    """Tell people; where the first to do so finds no file to open, nobody is told, and nothing else is harmed."""
    try:
        import logging  # a blocking program to which nothing happens does not pay for it
    except OSError:
        return
    logging.getLogger("rpcgen.zeromq").log(getattr(logging, level), text, *args)
