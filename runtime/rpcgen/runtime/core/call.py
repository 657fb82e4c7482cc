"""One outgoing message on its way, and what surrounds it. What can be known before is in its plan (plan.py)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, cast

from msgspec import Raw, Struct, field
from rpcgen.runtime.context import FOREVER, Context
from rpcgen.runtime.core.codec import Codec
from rpcgen.runtime.core.envelope import CALL, CAST, Request
from rpcgen.runtime.core.opaque import OpaqueCodecs
from rpcgen.runtime.core.wires.native import NATIVE
from rpcgen.runtime.descriptor import Kind, Version
from rpcgen.runtime.errors import ConfigurationError
from rpcgen.runtime.peers import Peer
from rpcgen.runtime.target import Target

if TYPE_CHECKING:
    from rpcgen.runtime.core.answers import Answer
    from rpcgen.runtime.core.plan import Plan
    from rpcgen.runtime.core.wires.wire import Wire

#: Seconds that a call waits unless the method, the client or `prepare()` says otherwise.
DEFAULT_TIMEOUT = 60.0

#: Of a fanout: the id of its series, and which of it this is, from 1.
Place = tuple[bytes, int]

#: A program's last word on where a message goes: `(method, arguments by name, version, topic, server)` to
#: `(topic, server)`.
Router = Callable[[str, Mapping[str, Any], Version, str, "str | None"], "tuple[str, str | None]"]


class Profile(Struct, frozen=True):
    """A named timeout for long calls.

    Attributes:
        timeout: seconds until the deadline.
        silence: seconds without any sign of life from the server after which the call fails; the server is asked to
            beat three times as often.
    """

    timeout: float
    silence: float


LONG = Profile(timeout=1800.0, silence=DEFAULT_TIMEOUT)


class Settings(Struct, frozen=True):
    """What one client was constructed with."""

    timeout: float | None = None
    profiles: Mapping[str, Profile] = field(default_factory=lambda: {"long": LONG})
    wire: Wire = NATIVE
    codecs: OpaqueCodecs = field(default_factory=OpaqueCodecs)
    exchange: str | None = None
    topic: str | None = None
    routers: Mapping[str, Router] = field(default_factory=dict[str, Router])
    converters: object = None

    @property
    def codec(self) -> Codec:
        """Of arguments and results."""
        return self.wire.codec


class Options(Struct, frozen=True):
    """What `prepare()` says; every field has a value that means "not given"."""

    server: str | None = None
    fanout: bool = False
    timeout: float | None = None
    fields: Mapping[str, Any] = field(default_factory=dict[str, Any])


class Call(Struct, eq=False):
    """One message on its way.

    Attributes:
        plan, target, kind: what it is, where it goes, and whether it is sent as a call or a cast.
        crosses: the caller asked for the other kind, which this version does not have.
        arguments: the generated struct.
        body: the encoded arguments.
        needs: the minor version that the message names.
        deadline: until when it may be sent, and answered (monotonic seconds); or None.
        worthless: when the time is over for which a cast may wait; None if the interface sets none.
        kept: whether it is to be delivered at least once.
        fields: user context that travels.
        heard: when the peer last gave a sign of life (monotonic seconds).
        moves: how many of its attempts were made because another server had no room.
        place: which of a series of fanouts it is, if it is one.
        id: set for each attempt; peer: who has it, or is to have it.
        doubt: how an attempt ended of which nobody knows whether it ran, if there was one before this.
        part: of an answer in parts, what the wire keeps until the last one comes.
        answer: what came back; waiter: whatever the shell wakes then.
    """

    plan: Plan
    target: Target
    kind: Kind
    crosses: bool
    arguments: Any
    body: Raw
    needs: int
    deadline: float | None
    fields: Mapping[str, Any]
    heard: float
    request_id: str | None = None
    trace: tuple[str, str] | None = None
    worthless: float | None = None
    kept: bool = False
    attempt: int = 1
    moves: int = 0
    place: Place | None = None
    id: bytes = b""
    peer: Peer | None = None
    doubt: Answer | None = None
    part: Any = None
    answer: Answer | None = None
    waiter: Any = None

    def inherit(self, ambient: Context) -> None:
        """Take over what a handler's calls have from its own caller."""
        self.request_id = ambient.request_id or None
        self.trace = ambient.trace
        if ambient.fields:
            self.fields = {**ambient.fields, **self.fields}
        if ambient.deadline is not None and (
            self.deadline is None or ambient.deadline < self.deadline
        ):
            self.deadline = ambient.deadline

    @property
    def method(self) -> str:
        """The method's name in the interface; `plan.name` travels."""
        return self.plan.method.name

    @property
    def namespace(self) -> str | None:
        """The interface's namespace."""
        return self.plan.method.interface.namespace

    @property
    def version(self) -> tuple[int, int]:
        """The version that the message needs."""
        return self.plan.version[0], self.needs

    @property
    def ordered(self) -> bool:
        """Whether it goes to any server, and may have to be handled after others that do."""
        target = self.target
        return self.plan.method.order is not None and target.server is None and not target.fanout

    @property
    def required(self) -> bool:
        """Somebody has to get it."""
        return True

    @property
    def copied(self) -> bool:
        """See `Outgoing`: what is sent again by us is sent by the driver, or an outbox."""
        return False

    @property
    def expires(self) -> float | None:
        """When it is too late to begin it (monotonic seconds). What is kept waits for ever, unless the interface says."""
        if self.worthless is not None:
            return self.worthless
        return None if self.kept else self.deadline

    @property
    def silent_at(self) -> float | None:
        """When a peer that has not been heard counts as gone (monotonic seconds)."""
        return None if self.plan.silence is None else self.heard + self.plan.silence

    def frame(self, now: float) -> bytes:
        """The message as it leaves now.

        Raises:
            ConfigurationError: the user context cannot travel.
        """
        plan = self.plan
        waits = self.kept or self.worthless is not None
        expires = self.expires if waits else self.deadline
        if self.fields:
            check_fields(self.fields, plan.codec)
        return plan.wire.write_request(
            Request(
                self.id,
                CALL if self.kind == "call" else CAST,
                plan.namespace,
                plan.name,
                plan.version[0],
                self.needs,
                plan.version[1],
                None if expires is None else expires - now,
                self.body,
                plan.beat,
                self.attempt,
                plan.fingerprint,
                self.request_id,
                self.trace,
                dict(self.fields) if self.fields else None,
                self.place,
            )
        )


def new_call(
    plan: Plan,
    kind: Kind,
    arguments: Any,
    gone: Mapping[str, Any] | None,
    options: Options,
    ambient: Context | None,
    now: float,
) -> Call:
    """Write a message; raises what keeps it from being written."""
    sent_as: Kind = plan.kinds[kind] if plan.kinds else kind
    target, route_minor = plan.routes.choose(sent_as, arguments, options)
    write = plan.write  # what is no method is called sooner by a name of its own
    body, minor = write(arguments, gone)
    timeout = options.timeout if options.timeout is not None else plan.timeout
    ttl = plan.method.ttl if sent_as == "cast" else None
    if ttl is not None and ttl < timeout:
        timeout = ttl
    call = Call(
        plan,
        target,
        sent_as,
        sent_as != kind,
        arguments,
        body,
        minor if minor > route_minor else route_minor,
        now + timeout if timeout < FOREVER else None,
        options.fields,
        now,
        worthless=None if ttl is None else now + ttl,
        kept=plan.method.kept and sent_as == "cast" and not target.fanout,
    )
    if ambient is not None:
        call.inherit(ambient)
    return call


def check_fields(fields: Mapping[str, Any], codec: Codec) -> None:
    """Raise ConfigurationError unless a server can read these user fields: it drops what it cannot."""
    try:
        named = all(isinstance(cast("object", name), str) for name in fields)
        codec.encode(fields)
    except Exception as error:
        raise ConfigurationError(f"the context cannot travel: {error}") from error
    if not named:
        raise ConfigurationError("the context cannot travel: its names have to be text")
