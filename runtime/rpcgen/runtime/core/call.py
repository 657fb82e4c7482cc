"""One outgoing message on its way, and what surrounds it. What can be known before is in its plan (plan.py)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, cast

from msgspec import Struct, field
from rpcgen.runtime.context import FOREVER, Context
from rpcgen.runtime.core.codec import Codec
from rpcgen.runtime.core.envelope import CALL, CAST, Request
from rpcgen.runtime.core.opaque import OpaqueCodecs
from rpcgen.runtime.core.wires import Wire
from rpcgen.runtime.core.wires.native import NATIVE
from rpcgen.runtime.descriptor import Kind, Version
from rpcgen.runtime.errors import ConfigurationError
from rpcgen.runtime.peers import Peer

if TYPE_CHECKING:
    from rpcgen.runtime.core.answers import Answer
    from rpcgen.runtime.core.plan import Plan
    from rpcgen.runtime.core.series import Place

#: Seconds that a call waits unless the method, the client or `prepare()` says otherwise.
DEFAULT_TIMEOUT = 60.0

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


class Call:
    """One message on its way.

    Attributes:
        plan, target, kind: what it is, where it goes, and whether it is sent as a call or a cast.
        crosses: the caller asked for the other kind, which this version does not have.
        arguments: the generated struct.
        body: the encoded arguments.
        needs: the minor version that the message names.
        deadline: monotonic seconds, or None.
        fields: user context that travels.
        place: which of a series of fanouts it is, if it is one.
        id: set for each attempt; peer: who has it, or is to have it.
        heard: when the peer last gave a sign of life (monotonic seconds).
        part: of an answer in parts, what the wire keeps until the last one comes.
        answer: what came back; waiter: whatever the shell wakes then.
    """

    __slots__ = (
        "answer",
        "arguments",
        "attempt",
        "body",
        "crosses",
        "deadline",
        "fields",
        "heard",
        "id",
        "kind",
        "needs",
        "part",
        "peer",
        "place",
        "plan",
        "request_id",
        "target",
        "trace",
        "waiter",
    )

    def __init__(
        self,
        plan: Plan,
        kind: Kind,
        arguments: Any,
        gone: Mapping[str, Any] | None,
        options: Options,
        ambient: Context | None,
        now: float,
    ) -> None:
        self.plan = plan
        self.kind: Kind = plan.kinds[kind] if plan.kinds else kind
        self.crosses = self.kind != kind
        self.arguments = arguments
        self.target, route_minor = plan.routes.choose(self.kind, arguments, options)
        self.body, minor = plan.write(arguments, gone)
        self.needs = minor if minor > route_minor else route_minor
        timeout = options.timeout if options.timeout is not None else plan.timeout
        self.deadline: float | None = now + timeout if timeout < FOREVER else None
        self.fields = options.fields
        self.request_id: str | None = None
        self.trace: tuple[str, str] | None = None
        if ambient is not None:
            self._inherit(ambient)
        self.heard = now
        self.part: Any = None
        self.attempt = 1
        self.place: Place | None = None
        self.id = b""
        self.peer: Peer | None = None
        self.answer: Answer | None = None
        self.waiter: Any = None

    def _inherit(self, ambient: Context) -> None:
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
    def kept(self) -> bool:
        """Whether it is to be delivered at least once."""
        return self.plan.method.kept and self.kind == "cast" and not self.target.fanout

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
                None if self.deadline is None or self.kept else self.deadline - now,
                self.body,
                plan.beat,
                self.attempt,
                plan.fingerprint,
                self.request_id,
                self.trace,
                dict(self.fields) or None,
                self.place,
            )
        )


def check_fields(fields: Mapping[str, Any], codec: Codec) -> None:
    """Raise ConfigurationError unless a server can read these user fields: it drops what it cannot."""
    try:
        named = all(isinstance(cast("object", name), str) for name in fields)
        codec.encode(fields)
    except Exception as error:
        raise ConfigurationError(f"the context cannot travel: {error}") from error
    if not named:
        raise ConfigurationError("the context cannot travel: its names have to be text")
