"""One request's life on a server, from the gate to the reply."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from contextvars import Context as Variables
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from msgspec import Struct
from rpcgen.runtime.context import Context
from rpcgen.runtime.core.envelope import CALL, FINGERPRINT_BYTES, Request
from rpcgen.runtime.core.results import refusal
from rpcgen.runtime.core.wires.wire import Wire
from rpcgen.runtime.deliveries import Caller, Delivery
from rpcgen.runtime.errors import Expired, Rejected

if TYPE_CHECKING:
    from rpcgen.runtime.core.entry import Entry

P = ParamSpec("P")
T = TypeVar("T")


class Job(Struct, eq=False):
    """A request that passed the gate.

    Attributes:
        delivery: its caller, if the transport holds the request until it hears what became of it.
        source: what the request came by, and that its answer leaves by.
        arrived: when it came (monotonic seconds).
        expires: after when it is too late to begin it, or None.
        line: what it has in common with requests that are handled one after the other; None: it waits for no other.
        read: its arguments, if they had to be looked at before it runs.
        started: whether its handler may have begun; what is refused before is refused with proof.
        task: whatever the shell needs to cancel it.
        variables: the context variables that it has for itself, where what is the program's runs after its handler; None:
            whoever answers it is in them already.
    """

    entry: Entry
    request: Request
    caller: Caller
    delivery: Delivery | None
    source: Any
    wire: Wire
    arrived: float
    context: Context
    beat_at: float | None
    expires: float | None = None
    line: Hashable = None
    read: Struct | None = None
    started: bool = False
    task: Any = None
    variables: Variables | None = None

    @property
    def kept(self) -> bool:
        """Whether it is to be run at least once."""
        return self.delivery is not None and self.delivery.kept

    @property
    def wants_reply(self) -> bool:
        """Whether somebody waits."""
        return self.request.how == CALL

    @property
    def may_move(self) -> bool:
        """Whether its caller sends it to another server, if this one refuses it because it is stopping."""
        return self.wants_reply and self.wire.moves

    @property
    def awaited(self) -> bool:
        """Whether somebody still waits: it is a call, and its caller has neither given up nor run out of time."""
        return self.request.how == CALL and not self.context.cancelled

    def within(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run what is the program's, or what it may look into, in the job's variables."""
        if self.variables is None:
            return function(*args, **kwargs)
        return self.variables.run(function, *args, **kwargs)

    def overdue(self, now: float) -> bool:
        """Whether nobody waits for it any more."""
        deadline = self.context.deadline
        return deadline is not None and now >= deadline

    def find_line(self) -> None:
        """Of a method with an order: look which others it has to wait for; raises Rejected if its arguments do not fit."""
        order = self.entry.method.order
        assert order is not None
        self.read = self.entry.arguments(self.request, self.wire.codec)
        key = order(self.read)
        self.line = None if key is None else (self.entry.interface.name, key)

    def expired(self) -> Expired:
        """What its caller is told if it comes too late to begin it."""
        return Expired(f"{self.request.method}: its time was over before it could run")

    def refuse(self, error: Rejected) -> bytes:
        """The frame that refuses it."""
        return self.wire.write_refusal(refusal(self.request.id, error), self.request)

    def reply(self, value: Any) -> bytes:
        """The frame for a result; raises BadResult."""
        return self.entry.reply(self.request, value, self.wire)

    def failure(self, error: BaseException) -> tuple[bytes, bool]:
        """The frame for an exception, and whether the method declares it."""
        reader = self.entry.reader_of(self.request)
        return self.entry.results.failure(self.request, error, self.wire, reader)

    def drifted(self) -> bool:
        """Whether the caller has another build of the very same version (LANGUAGE: fingerprint)."""
        interface = self.entry.interface
        theirs, ours = self.request.fingerprint, interface.fingerprint[:FINGERPRINT_BYTES]
        same = (self.request.major, self.request.reader) == interface.version
        return bool(theirs) and theirs != ours and same
