"""From typed arguments to the body of a message of one version, and the version that it needs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, cast

import msgspec
from msgspec import Struct, inspect
from rpcgen.runtime.core.codec import DECODE_ERRORS, JSON
from rpcgen.runtime.core.dates import LOOK_CLOSER
from rpcgen.runtime.core.nodes import is_open
from rpcgen.runtime.core.reading import LIGHT, Reader
from rpcgen.runtime.descriptor import Interface, Version
from rpcgen.runtime.errors import BadArguments, MistypedArgument

if TYPE_CHECKING:
    from rpcgen.runtime.core.call import Settings
    from rpcgen.runtime.core.versions.glance import Glance
    from rpcgen.runtime.core.versions.kit import Kit
    from rpcgen.runtime.core.versions.visiting import Found, Visit
    from rpcgen.runtime.core.words import Path

#: Makes the exception for what a version has no place for, from its path and the version that has.
Refuse = Callable[[tuple[str | int, ...], "Version | None"], Exception]


class ArgumentsWriter:
    """Writes the arguments of one method, or of one older form of it.

    Args:
        of: their struct.
        interface, at: whose, and the version to write for.
        settings: the client's.
        label: the method, for messages to people.
        refuse: makes the exception for what the version has no place for.
        least: the minor version that sending them needs, whatever they are.
    """

    __slots__ = (
        "_at",
        "_check_light",
        "_codec",
        "_encode",
        "_glance",
        "_interface",
        "_label",
        "_least",
        "_made_kit",
        "_node",
        "_of",
        "_pack",
        "_reader",
        "_refuse",
        "_settings",
        "_visit",
        "_younger",
    )

    def __init__(
        self,
        of: type[Struct],
        interface: Interface,
        at: Version,
        settings: Settings,
        label: str,
        refuse: Refuse,
        least: int,
    ) -> None:
        self._interface = interface
        self._at = at
        self._settings = settings
        self._label = label
        self._refuse = refuse
        self._least = least
        self._codec = settings.codec
        self._of = of
        self._node = node = cast("inspect.StructType", inspect.type_info(of))
        self._encode = settings.codec.encoder(settings.codecs.encode)
        if self._codec is JSON:
            from rpcgen.runtime.core.finite import finite_encoder  # most programs never need it

            self._encode = finite_encoder(settings.codecs.encode, node)
        self._pack = settings.codecs.packer(of)
        self._reader = Reader(of, settings.codecs.decode, strict=True, own=True, node=node)
        self._check_light = self._reader.light(self._codec)
        self._glance: Glance | None = None
        if is_open(node) or (interface.has_past and _has_history(node, interface)):
            from rpcgen.runtime.core.versions.glance import Glances

            self._glance = Glances(interface, at).of(node)
        self._visit: Visit | None = None
        self._younger: Visit | None = None
        self._made_kit: Kit | None = None

    def write(self, arguments: Any, gone: Mapping[str, Any] | None) -> tuple[msgspec.Raw, int]:
        """The payload, and the lowest minor version that can hold it.

        Raises:
            BadArguments: with the path of what does not fit.
            Exception: what `refuse` makes.
        """
        data = self.encode(arguments)
        if self._glance is None:
            return msgspec.Raw(data), self._least
        try:
            minor = self._glance.look(arguments, 0)
            if minor < LOOK_CLOSER:
                return msgspec.Raw(data), max(minor, self._least)
            return self._lower(data, gone)
        except RecursionError as error:
            raise MistypedArgument(f"{self._label}: the arguments are nested too deep") from error

    def encode(self, arguments: Any) -> bytes:
        """The arguments in the newest shape. The check is the server's own: they are read back with its reader."""
        try:
            encode, pack = self._encode, self._pack
            data = encode(arguments if pack is None else pack(arguments))
        except BadArguments as error:
            error.args = (f"{self._label}: {error}",)
            raise
        except Exception as error:  # whatever the program's codecs raise
            raise MistypedArgument(f"{self._label}: {error}") from error
        check = self._check_light
        if check is not None and len(data) <= LIGHT:
            try:
                check(data)
                return data
            except (BadArguments, *DECODE_ERRORS):
                pass  # the reader has the last word, and says where
        try:
            self._reader.read(data, self._codec)
        except BadArguments as error:
            error.args = (f"{self._label}: {error}",)
            raise
        return data

    def refuse_younger(self, arguments: Any, gone: Mapping[str, Any] | None) -> None:
        """Check the arguments, and raise what `refuse` makes if a younger one than the version is set."""
        from rpcgen.runtime.core.versions.lower import GONE, Lowering
        from rpcgen.runtime.core.versions.parts import Unsayable
        from rpcgen.runtime.core.versions.visiting import Found

        plain = self._codec.untyped(self.encode(arguments))
        plain |= {GONE + name: value for name, value in self._plain_gone(gone or {}).items()}
        if self._younger is None:
            lowering = Lowering(self._interface, self._at, self._kit(), strict=True)
            self._younger = lowering.younger(self._node)
        try:
            self._younger(plain, Found(), ())
        except Unsayable as unsayable:
            raise self._refuse(unsayable.path, unsayable.needs) from None

    def _lower(self, data: bytes, gone: Mapping[str, Any] | None) -> tuple[msgspec.Raw, int]:
        from rpcgen.runtime.core.versions.lower import GONE
        from rpcgen.runtime.core.versions.parts import Unsayable
        from rpcgen.runtime.core.versions.visiting import Found

        plain = self._codec.untyped(data)
        if gone:
            plain |= {GONE + name: value for name, value in self._plain_gone(gone).items()}
        found = Found()
        try:
            self._lowering(plain, found)
        except Unsayable as unsayable:
            raise self._refuse(unsayable.path, unsayable.needs) from None
        body = self._codec.encode(plain) if found.changed else data
        return msgspec.Raw(body), max(found.minor, self._least)

    def _lowering(self, plain: Any, found: Found) -> None:
        if self._visit is None:
            from rpcgen.runtime.core.versions.lower import Lowering

            lowering = Lowering(self._interface, self._at, self._kit(), strict=True)
            self._visit = lowering.visit(self._node) or _as_it_is
        self._visit(plain, found, ())

    def _kit(self) -> Kit:
        if self._made_kit is None:
            from rpcgen.runtime.core.versions.kit import Kit

            settings = self._settings
            self._made_kit = Kit(self._codec, settings.codecs, settings.converters)
        return self._made_kit

    def _plain_gone(self, gone: Mapping[str, Any]) -> dict[str, Any]:
        """Arguments that the newest version has not, checked, as they would travel."""
        kit, codecs = self._kit(), self._settings.codecs
        plain: dict[str, Any] = {}
        for each in self._interface.gone.get(self._of, ()):
            value = gone.get(each.name)
            if value is None:
                continue  # as if it were not given
            pack = codecs.packer(each.type)
            item = self._codec.untyped(self._encode(value if pack is None else pack(value)))
            kit.check(inspect.type_info(each.type), item, (each.name,))
            plain[each.name] = item
        return plain


class FormWriter:
    """Writes the arguments of an older form of a method, which the program's converter makes of today's.

    Args:
        newest: writes today's.
        form: writes the form's.
        converters: the program's.
        converter: the name of the one from the struct of today's arguments to the form's.
        of: the form's struct.
        refuse: makes the exception for what the version has no place for.
    """

    __slots__ = ("_converter", "_converters", "_form", "_newest", "_of", "_refuse")

    def __init__(
        self,
        newest: ArgumentsWriter,
        form: ArgumentsWriter,
        converters: object,
        converter: str,
        of: type[Struct],
        refuse: Refuse,
    ) -> None:
        self._newest = newest
        self._form = form
        self._converters = converters
        self._converter = converter
        self._of = of
        self._refuse = refuse

    def write(self, arguments: Any, gone: Mapping[str, Any] | None) -> tuple[msgspec.Raw, int]:
        """As `ArgumentsWriter.write`; younger arguments keep their policies."""
        self._newest.refuse_younger(arguments, gone)
        for name, value in (gone or {}).items():
            if value is not None and value not in ("", [], {}):  # the converter would not see it
                raise self._refuse((name,), None)
        from rpcgen.runtime.core.versions.converters import converted  # few programs convert

        older = converted(self._converters, self._converter, arguments, self._of)
        return self._form.write(older, None)


def _has_history(node: inspect.Type, interface: Interface) -> bool:
    from rpcgen.runtime.core.versions.history import has_history

    return has_history(node, interface)


def _as_it_is(value: Any, found: Found, path: Path) -> Any:
    return value
