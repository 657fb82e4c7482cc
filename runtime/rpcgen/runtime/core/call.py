"""One outgoing call or cast: from typed arguments to a frame, and from the answer to a value or an exception.

A `Plan` holds all that can be known before the arguments are: one per client and method, made when first used. A
`Call` is one message on its way. Neither knows how frames travel.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import msgspec
from msgspec import Struct, field
from rpcgen.runtime.context import FOREVER, Context
from rpcgen.runtime.core.codec import MSGPACK, Codec
from rpcgen.runtime.core.dates import minor_in
from rpcgen.runtime.core.envelope import CALL, CAST, FINGERPRINT_BYTES, Request
from rpcgen.runtime.core.measures import measure_for
from rpcgen.runtime.core.opaque import OpaqueCodecs
from rpcgen.runtime.core.reading import Reader
from rpcgen.runtime.core.replies import Answer, Answers
from rpcgen.runtime.descriptor import Kind, Method, Route
from rpcgen.runtime.errors import BadArguments, ConfigurationError, InvalidTarget, MistypedArgument
from rpcgen.runtime.peers import Peer
from rpcgen.runtime.target import Target

#: Seconds that a call waits unless the method, the client or `prepare()` says otherwise.
DEFAULT_TIMEOUT = 60.0

NO_FIELDS: Mapping[str, Any] = {}


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
    codec: Codec = MSGPACK
    codecs: OpaqueCodecs = field(default_factory=OpaqueCodecs)
    exchange: str | None = None
    topic: str | None = None


class Options(Struct, frozen=True):
    """What `prepare()` says; every field has a value that means "not given"."""

    server: str | None = None
    fanout: bool = False
    timeout: float | None = None
    fields: Mapping[str, Any] = field(default_factory=dict[str, Any])


class Call:
    """One message on its way.

    Attributes:
        plan, target, kind: what it is and where it goes.
        arguments: the generated struct.
        body: the encoded arguments.
        needs: the minor version that the message names.
        deadline: monotonic seconds, or None.
        fields: user context that travels.
        id: set for each attempt; peer: who has it.
        heard: when the peer last gave a sign of life (monotonic seconds).
        answer: what came back; waiter: whatever the shell wakes then.
    """

    __slots__ = (
        "answer",
        "arguments",
        "attempt",
        "body",
        "deadline",
        "fields",
        "heard",
        "id",
        "kind",
        "needs",
        "peer",
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
        options: Options,
        ambient: Context | None,
        now: float,
    ) -> None:
        self.plan = plan
        self.kind: Kind = kind
        self.arguments = arguments
        self.target, route_minor = plan.route(kind, arguments, options)
        self.body, minor = plan.body(arguments)
        self.needs = minor if minor > route_minor else route_minor
        timeout = options.timeout if options.timeout is not None else plan.timeout
        self.deadline: float | None = now + timeout if timeout < FOREVER else None
        self.fields = options.fields
        self.request_id: str | None = None
        self.trace: tuple[str, str] | None = None
        if ambient is not None:
            self._inherit(ambient)
        self.heard = now
        self.attempt = 1
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
        """The method's name, as it travels."""
        return self.plan.method.name

    @property
    def namespace(self) -> str | None:
        """The interface's namespace."""
        return self.plan.method.interface.namespace

    @property
    def version(self) -> tuple[int, int]:
        """The version that the message needs."""
        return self.plan.major, self.needs

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
        return plan.codec.encode(
            Request(
                self.id,
                CALL if self.kind == "call" else CAST,
                plan.namespace,
                plan.method.name,
                plan.major,
                self.needs,
                plan.minor,
                None if self.deadline is None else self.deadline - now,
                self.body,
                plan.beat,
                self.attempt,
                plan.fingerprint,
                self.request_id,
                self.trace,
                dict(self.fields) or None,
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


class Plan:
    """All that a client knows of one method before it is used."""

    __slots__ = (
        "_answers",
        "_measure",
        "_pack",
        "_reader",
        "_routes",
        "_targets",
        "_topic",
        "beat",
        "codec",
        "codecs",
        "encode",
        "fingerprint",
        "major",
        "method",
        "minor",
        "namespace",
        "silence",
        "since",
        "timeout",
    )

    def __init__(self, method: Method[Any, Any], settings: Settings) -> None:
        interface = method.interface
        self.method = method
        self.codec = settings.codec
        self.namespace = interface.namespace
        self.major, self.minor = interface.version
        self.fingerprint = interface.fingerprint[:FINGERPRINT_BYTES]
        self.since = minor_in(method.since, self.major)
        self.timeout, self.silence = _patience(method, settings)
        self.beat = None if self.silence is None else self.silence / 3
        hooks = self.codecs = settings.codecs
        self.encode = self.codec.encoder(hooks.encode)
        self._pack = hooks.packer(method.args)
        self._reader = Reader(method.args, hooks.decode, strict=True)
        self._measure = measure_for(method.args, interface, writing=True)
        self._answers = Answers(method, hooks.decode)
        exchange = settings.exchange or interface.exchange
        self._topic = (exchange, settings.topic or method.topic or interface.topic)
        self._routes: dict[tuple[Kind, str], Route] = {
            (route.kind, route.to): route for route in method.routes
        }
        self._targets: dict[tuple[str | None, bool], Target] = {}

    def body(self, arguments: Any) -> tuple[msgspec.Raw, int]:
        """Encode the arguments; the payload and the minor version that they need.

        The check is the server's own: what is about to leave is read back with its reader.

        Raises:
            BadArguments: with the path of what does not fit.
        """
        try:
            data = self.encode(arguments if self._pack is None else self._pack(arguments))
        except BadArguments:
            raise
        except Exception as error:  # whatever the program's codecs raise
            raise MistypedArgument(f"{self.method.name}: {error}") from error
        try:
            self._reader.read(data, self.codec)
        except BadArguments as error:
            error.args = (f"{self.method.name}: {error}",)
            raise
        minor = self.since
        if self._measure is not None:
            plain = self.codec.untyped(data)
            newest = self._measure.find(plain)
            minor = max(minor, newest.minor)
            if newest.changed:
                data = self.codec.encode(plain)
        return msgspec.Raw(data), minor

    def route(self, kind: Kind, arguments: Any, options: Options) -> tuple[Target, int]:
        """Where this message goes, and the minor version that going there needs.

        Raises:
            InvalidTarget: the method has no such route, or nothing names the server.
        """
        route = self._choose(kind, options)
        server = None
        if route.to == "server":
            server = options.server
            if server is None:
                server = self._destination(arguments)
        key = (server, route.to == "fanout")
        target = self._targets.get(key)
        if target is None:
            if len(self._targets) > 10_000:
                self._targets.clear()
            target = self._targets[key] = Target(*self._topic, server=server, fanout=key[1])
        return target, minor_in(route.since, self.major) if route.since else 0

    def _choose(self, kind: Kind, options: Options) -> Route:
        wanted = "fanout" if options.fanout else "server" if options.server is not None else None
        if wanted is None:
            for route in self.method.routes:
                if route.kind == kind:
                    return route
        elif (kind, wanted) in self._routes:
            return self._routes[kind, wanted]
        offered = ", ".join(f"{route.kind} {route.to}" for route in self.method.routes)
        raise InvalidTarget(
            f"{self.method.name} cannot be sent as {kind} {wanted or ''}".rstrip()
            + f"; it has: {offered}"
        )

    def _destination(self, arguments: Any) -> str:
        method = self.method
        if method.destination is None:
            raise InvalidTarget(
                f"{method.name} goes to one server: say which with prepare(server=...)"
            )
        server = method.destination(arguments)
        if server is None:
            raise InvalidTarget(
                f"{method.name} goes to the server that {method.destination_text} names, which is null; "
                "say which with prepare(server=...)"
            )
        return server

    def outcome(self, call: Call) -> Any:
        """The result of an answered call, or its exception."""
        return self._answers.outcome(call)


def _patience(method: Method[Any, Any], settings: Settings) -> tuple[float, float | None]:
    if method.profile is not None:
        profile = settings.profiles.get(method.profile)
        if profile is None:
            raise ConfigurationError(
                f"{method.name} has timeout {method.profile!r}, a profile that this client does not have; "
                f"known: {', '.join(sorted(settings.profiles))}"
            )
        return profile.timeout, profile.silence
    if method.timeout is not None:
        return method.timeout, None
    return settings.timeout if settings.timeout is not None else DEFAULT_TIMEOUT, None
