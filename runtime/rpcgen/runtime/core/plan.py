"""All that a client knows of one method before it is used: made once per client, shape version and method."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rpcgen.runtime.core.answers import Answers
from rpcgen.runtime.core.arguments import ArgumentsWriter, FormWriter, Refuse
from rpcgen.runtime.core.call import DEFAULT_TIMEOUT, Settings
from rpcgen.runtime.core.dates import exists, in_effect, minor_in, next_after
from rpcgen.runtime.core.envelope import FINGERPRINT_BYTES
from rpcgen.runtime.core.routes import Routes, router_of
from rpcgen.runtime.descriptor import NOTHING, Interface, Kind, Method, Version
from rpcgen.runtime.errors import BadArguments, BadResult, ConfigurationError

if TYPE_CHECKING:
    from rpcgen.runtime.core.call import Call
    from rpcgen.runtime.core.pins import Shape
    from rpcgen.runtime.dated import Form


class Plan:
    """One method of one client, for one shape version.

    Attributes:
        method: what the program asks for.
        name: what it is called on the wire.
        version: the shape version; its minor is what the caller understands.
        routes: where its messages go.
        kinds: what is sent instead of a kind that this version does not have; empty if all is as asked for.
        write: of arguments, and of those that the newest version has not, the payload and the minor version that it needs.
            It raises BadArguments with the path of what does not fit, and VersionPinned with that of what this version
            has no place for.

    Raises:
        VersionPinned: the version does not have the method.
        ConfigurationError: the interface names something that this client was not given.
    """

    __slots__ = (
        "_answers",
        "_converters",
        "_form",
        "beat",
        "codec",
        "codecs",
        "fingerprint",
        "kinds",
        "method",
        "name",
        "namespace",
        "routes",
        "silence",
        "timeout",
        "version",
        "wire",
        "write",
    )

    def __init__(self, method: Method[Any, Any], settings: Settings, shape: Shape) -> None:
        interface = method.interface
        if shape.version is None:
            raise shape.refusal(method)
        version = shape.version
        if not exists(method.since, method.until, version):
            raise shape.refusal(method, needs=next_after(method.since, version))
        self.method = method
        self.version: Version = version
        form = self._form = in_effect(method.forms, version)
        self.name = (form and form.name) or method.name
        self.namespace = interface.namespace
        self.wire = settings.wire
        self.codec = settings.codec
        self.codecs = settings.codecs
        pinned = version != interface.version  # it then speaks of another version than its build
        self.fingerprint = b"" if pinned else interface.fingerprint[:FINGERPRINT_BYTES]
        self.timeout, self.silence, self.beat = _patience(method, settings)
        self._converters = settings.converters
        least = minor_in(method.since, version[0])
        if settings.wire.one_version:
            from rpcgen.runtime.core.versions.history import result_needs

            least = max(least, result_needs(method, version))
        self.kinds = _kinds(method, form, settings.converters)
        self.routes = Routes(
            method, form, version, settings, lambda needs: shape.refusal(method, needs=needs)
        )
        self.write = _writer(
            method,
            form,
            version,
            settings,
            lambda path, needs: shape.refusal(method, path, needs),
            least,
        ).write
        self._answers = Answers(method, version, settings.codecs, settings.converters)

    def outcome(self, call: Call) -> Any:
        """The result of an answered call, or its exception."""
        return self._answers.outcome(call)

    def crossed(self, outcome: Any) -> Any:
        """What the caller gets whose call was sent as a cast, or the reverse."""
        assert self._form is not None
        if self._form.returns is not NOTHING:
            return outcome  # the converter has made it of the older form's result already
        from rpcgen.runtime.core.versions.converters import converted  # few programs convert

        try:
            return converted(self._converters, f"result_{self._form.convert}", outcome)
        except BadArguments as error:
            raise BadResult(f"{self.method.name}: {error}") from error


def check_brought(interface: Interface, settings: Settings) -> None:
    """Raise ConfigurationError unless a client was given all functions of the program that its interface asks for."""
    if settings.converters is not None or interface.client_converters is not None:
        from rpcgen.runtime.core.versions.converters import check_converters  # few programs convert

        check_converters(settings.converters, interface.client_converters, interface, "client")
    for name in {method.router for method in interface.methods if method.router is not None}:
        router_of(name, settings)


def _writer(
    method: Method[Any, Any],
    form: Form | None,
    at: Version,
    settings: Settings,
    refuse: Refuse,
    least: int,
) -> ArgumentsWriter | FormWriter:
    interface, label = method.interface, method.name
    newest = ArgumentsWriter(method.args, interface, at, settings, label, refuse, least)
    if form is None or form.args is None:
        return newest
    older = ArgumentsWriter(form.args, interface, at, settings, label, refuse, least)
    converter = f"down_{form.convert}"
    return FormWriter(newest, older, settings.converters, converter, form.args, refuse)


def _kinds(method: Method[Any, Any], form: Form | None, converters: object) -> dict[Kind, Kind]:
    """What replaces the kinds that an older form does not have."""
    if form is None or not form.routes:
        return {}
    now: set[Kind] = {route.kind for route in method.routes}
    then: set[Kind] = {route.kind for route in form.routes}
    if now <= then:
        return {}
    from rpcgen.runtime.core.versions.converters import overrides  # few programs convert

    base = method.interface.client_converters
    if not overrides(converters, base, f"result_{form.convert}"):
        return {}
    return {kind: kind if kind in then else next(iter(then)) for kind in now}


def _patience(
    method: Method[Any, Any], settings: Settings
) -> tuple[float, float | None, float | None]:
    """Seconds until a call's deadline, of silence that it bears, and between the beats that it asks for."""
    if method.profile is not None:
        profile = settings.profiles.get(method.profile)
        if profile is None:
            raise ConfigurationError(
                f"{method.name} has timeout {method.profile!r}, a profile that this client does not have; "
                f"known: {', '.join(sorted(settings.profiles))}"
            )
        return profile.timeout, *settings.wire.patience(profile.silence)
    if method.timeout is not None:
        return method.timeout, None, None
    return settings.timeout if settings.timeout is not None else DEFAULT_TIMEOUT, None, None
