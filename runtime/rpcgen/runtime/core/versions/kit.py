"""Reading, checking and converting single values on the way between two versions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec import inspect
from rpcgen.runtime.core.codec import Codec
from rpcgen.runtime.core.opaque import OpaqueCodecs
from rpcgen.runtime.core.versions.converters import converted
from rpcgen.runtime.core.versions.placing import Placing
from rpcgen.runtime.core.versions.visiting import Found
from rpcgen.runtime.core.walk import Walk
from rpcgen.runtime.core.words import Path, is_list, is_map, path_text
from rpcgen.runtime.descriptor import NOTHING
from rpcgen.runtime.errors import BadArguments, MistypedArgument


class Kit:
    """What compiled visits share: the encoding, the program's codecs and its converters.

    Args:
        codec: what the plain values were decoded from.
        codecs: for opaque objects.
        converters: the program's; None where the interface needs none.
    """

    __slots__ = ("_converters", "_lenient", "_strict", "codec", "codecs")

    def __init__(self, codec: Codec, codecs: OpaqueCodecs, converters: object) -> None:
        self.codec = codec
        self.codecs = codecs
        self._converters = converters
        self._strict = Walk(codec, codecs.decode, strict=True)
        self._lenient = Walk(codec, codecs.decode, strict=False)

    def accepts(self, node: inspect.Type, plain: Any) -> bool:
        """Whether a plain value is one of a type."""
        try:
            self._strict.read(node, plain)
        except (BadArguments, ValueError, TypeError):
            return False
        return True

    def check(self, node: inspect.Type, plain: Any, path: Path) -> None:
        """Raise BadArguments with the path unless a plain value is one of a type."""
        self._strict.read(node, plain, path)

    def narrowed(self, node: inspect.Type, plain: Any) -> Any:
        """A plain value as one of a narrower type, if nothing is lost (2.0 as 2); NOTHING if it is none."""
        if self.accepts(node, plain):
            return plain
        whole = _whole(plain)
        return whole if self.accepts(node, whole) else NOTHING

    def readable(self, node: inspect.Type, plain: Any) -> Any:
        """The same for readers of results, who enforce no bounds."""
        for each in (plain, _whole(plain)):
            try:
                self._lenient.read(node, each)
            except (BadArguments, ValueError, TypeError):
                continue
            return each
        return NOTHING

    def conversion(
        self, name: str, source: inspect.Type, target: Any, *, strict: bool
    ) -> Callable[[Any, Path], Any]:
        """A function from plain values of one type to plain values of another, by a converter of the program.

        Args:
            name: the converter's.
            source: what it takes.
            target: the type expression of what it returns.
            strict: whether the values are arguments, or results, which are read tolerantly.
        """
        walk = self._strict if strict else self._lenient
        pack = self.codecs.packer(target)
        encode = self.codec.encoder(self.codecs.encode)
        place = Placing().visit(
            target if isinstance(target, inspect.Type) else inspect.type_info(target)
        )

        def convert(value: Any, path: Path) -> Any:
            typed = walk.read(source, value, path)
            where = path_text(path)
            try:
                result = converted(self._converters, name, typed)
                plain = self.codec.untyped(encode(result if pack is None else pack(result)))
                return plain if place is None else place(plain, Found(), path)
            except BadArguments as error:
                raise MistypedArgument(f"{where}: {error}", path=where) from error
            except Exception as error:  # whatever the program's codecs raise
                raise MistypedArgument(f"{where}: {name}: {error}", path=where) from error

        return convert


def _whole(plain: Any) -> Any:
    """The value with floats that are whole numbers as such."""
    if isinstance(plain, float) and plain.is_integer():
        return int(plain)
    if is_list(plain):
        return [_whole(item) for item in plain]
    if is_map(plain):
        return {key: _whole(item) for key, item in plain.items()}
    return plain
