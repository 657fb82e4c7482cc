"""Whom messages go to and come from. Knows nothing of how."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Hashable
from typing import Protocol

from msgspec import Struct
from rpcgen.runtime.errors import NotSent, RpcgenError

#: Whoever sent a request; equal handles mean the same client. Opaque to all but the driver. One that is a `Delivery`
#: stands for one request, too.
Caller = Hashable


class Outgoing(Protocol):
    """What a driver may want to know of a frame that it sends; a `Call` fits.

    Attributes:
        id: of the message; the empty bytes if it has none.
        deadline: monotonic seconds after which its sender does not wait any more, or None.
        expires: monotonic seconds after which nobody is to begin it any more, or None.
        worthless: the same, if it is the interface that says so, and not only its sender who waits for so long.
        kept: it is to be delivered at least once.
        ordered: it goes to any server, and may have to be handled after others that do.
        required: somebody has to get it, or its sender is told that nobody did.
        copied: of what is kept: it may have been sent before.
    """

    @property
    def id(self) -> bytes: ...
    @property
    def deadline(self) -> float | None: ...
    @property
    def expires(self) -> float | None: ...
    @property
    def worthless(self) -> float | None: ...
    @property
    def kept(self) -> bool: ...
    @property
    def ordered(self) -> bool: ...
    @property
    def required(self) -> bool: ...
    @property
    def copied(self) -> bool: ...


class Letter(Struct, frozen=True):
    """An `Outgoing` that is no call."""

    id: bytes = b""
    deadline: float | None = None
    expires: float | None = None
    worthless: float | None = None
    kept: bool = False
    ordered: bool = False
    required: bool = True
    copied: bool = False


class Delivery:
    """The `Caller` of a request that its transport holds until it hears what became of it.

    Attributes:
        redelivered: another server, or this one before, may have begun it.
        kept: it is to be run at least once.
        attempt: of those that are kept: 1, or more if it could not be done before.
        deadline: monotonic seconds after which it is not to be begun, if the transport knows that, maybe better than the request.
        copied: its sender sent it again, because it did not know whether it had arrived.
    """

    __slots__ = ("attempt", "copied", "deadline", "kept", "redelivered")

    def __init__(
        self,
        *,
        redelivered: bool,
        kept: bool = False,
        attempt: int = 1,
        deadline: float | None = None,
        copied: bool = False,
    ) -> None:
        self.redelivered = redelivered
        self.kept = kept
        self.attempt = attempt
        self.deadline = deadline
        self.copied = copied

    @abstractmethod
    def settle(self) -> None:
        """It needs no one else: it was answered, refused or dropped. Idempotent, from any thread."""

    @abstractmethod
    def fail(self, reason: str, *, hopeless: bool = False) -> None:
        """One that is kept could not be done: it is to be tried again, or put aside. Idempotent, from any thread.

        Args:
            reason: for people.
            hopeless: another attempt would end in the same way.
        """


class Peer:
    """A server that a client can send to. Drivers subclass it; the core counts `outstanding` calls on it.

    Attributes:
        name: the server's name if it is known, else its address; for messages to people.
        outstanding: calls that wait for an answer from it.
    """

    __slots__ = ("name", "outstanding")

    def __init__(self, name: str) -> None:
        self.name = name
        self.outstanding = 0


class Stranded(NotSent):
    """The connection ended before the message had left: on another one it may be sent again."""


class Undelivered(Struct, frozen=True):
    """What a driver learned of one message that it had taken: it is not, or perhaps not, going to be answered.

    Attributes:
        id: of the message.
        error: NotSent, if nobody got it (Stranded, if it is to be sent again); ConnectionLost, if that is not known.
    """

    id: bytes
    error: RpcgenError


#: From whom a frame comes if the transport does not say it.
ANYBODY = Peer("anybody")

#: A frame from a peer; the end of one message to it; or the reason for which nothing more will come from it:
#: ConnectionLost, AuthError, or Draining, which says that the peer closed in order, and that it never ran what it has
#: not answered.
News = bytes | Undelivered | RpcgenError
Arrival = tuple[Peer, News]


class Found(Struct, frozen=True, order=True):
    """One server on one topic, as `discover` reports it."""

    exchange: str
    topic: str
    server: str
    address: str
