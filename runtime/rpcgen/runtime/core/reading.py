"""Typed readers: bytes to a value of one type. The fast path is msgspec's, the last word is `walk.py`'s."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec import inspect
from rpcgen.runtime.core.codec import (
    DECODE_ERRORS,
    JSON,
    MSGPACK,
    Codec,
    DecHook,
    Decode,
    Undecodable,
    undecodable,
)
from rpcgen.runtime.core.nodes import has_extra, has_int_keys, has_plain
from rpcgen.runtime.descriptor import Opaque
from rpcgen.runtime.errors import BadArguments

if TYPE_CHECKING:
    from rpcgen.runtime.core.words import Path


#: Bytes that a reader keeps for encoding into.
KEPT: Final = 64 * 1024

#: Bytes of a message whose maps cost nothing worth asking about, whatever their keys are.
LIGHT: Final = 8 * 1024

#: The first bytes of maps with more than 15 entries, in MessagePack.
_LARGE: Final = (b"\xde", b"\xdf")


def is_light(data: bytes) -> bool:
    """Whether no map in some MessagePack can cost anything, as the bytes look."""
    return len(data) <= LIGHT or not any(mark in data for mark in _LARGE)


def refuse_alike(data: bytes | msgspec.Raw) -> None:
    """Raise BadArguments if maps of a value in MessagePack might take too long (`alike.py`), or one of DECODE_ERRORS."""
    whole = bytes(data)
    if not is_light(whole):
        from rpcgen.runtime.core import alike  # most programs never need it

        alike.refuse_alike(whole)


def twice(data: bytes | msgspec.Raw, plain: Any, codec: Codec) -> Path | None:
    """Where a key comes twice in a value, None if none does; raises one of DECODE_ERRORS.

    Args:
        plain: what the codec reads of the data without knowing its type.
    """
    whole = bytes(data)
    if codec.encode(plain) == whole:
        return None
    from rpcgen.runtime.core import keys  # most programs never need them

    return keys.twice(whole, codec)


def refuse_twice(data: bytes | msgspec.Raw, plain: Any, codec: Codec) -> None:
    """Raise BadArguments, with the path, if a key comes twice in a value. As `twice`."""
    path = twice(data, plain, codec)
    if path is not None:
        from rpcgen.runtime.core.words import came_twice

        raise came_twice(path)


class Reader:
    """Reads one type, in either codec.

    Args:
        of: a type expression.
        hook: makes opaque objects; None where the type has none.
        strict, own: as in `walk.Walk`. What is not of this process may not have a key twice.
        node: the type as `msgspec.inspect` describes it, from whoever has asked already.
    """

    __slots__ = (
        "_again",
        "_decoders",
        "_extra",
        "_hook",
        "_numbers",
        "_of",
        "_others",
        "_own",
        "_returns",
        "_strict",
    )

    def __init__(
        self,
        of: Any,
        hook: DecHook | None = None,
        *,
        strict: bool,
        own: bool = False,
        node: inspect.Type | None = None,
    ) -> None:
        self._of = of
        self._hook = hook
        self._strict = strict
        self._own = own
        #: Whether what is read can be encoded again; not so what the program's codecs make.
        self._returns = not own
        #: What was read last, encoded again.
        self._again = bytearray()
        #: Whether a map may have whole numbers as keys, and whether one may have keys that are no text, over MessagePack.
        #: None: nobody has looked yet.
        self._numbers: bool | None = None
        self._others: bool | None = None
        self._decoders: dict[Codec, Decode] = {}
        self._extra = strict and has_extra(node or inspect.type_info(of))

    def read(self, data: bytes | msgspec.Raw, codec: Codec = MSGPACK) -> Any:
        """Read one value.

        Raises:
            BadArguments: the value does not fit, with the path and what was expected.
            Undecodable: the bytes are no value at all.
        """
        try:
            heavy = len(data) > LIGHT
            if (heavy and self._weigh(data, codec)) or self._extra:
                return self._walk(data, codec)
            value = (self._decoders.get(codec) or self._new_decoder(codec))(data)
            if self._own:
                return value
            if self._returns:
                # Threads may share it: what another one wrote there meanwhile is equal only if it has no key twice, either.
                again: Any = self._again
                encode_into = codec.encode_into
                encode_into(value, again)
                if again == data:
                    if heavy and len(again) > KEPT:
                        self._again = bytearray()
                    return value
            self._refuse_twice(data, codec)
            return value
        except msgspec.ValidationError:
            return self._walk(data, codec)
        except (BadArguments, Undecodable):
            raise
        except DECODE_ERRORS as error:
            raise undecodable(error) from error

    def light(self, codec: Codec) -> Decode | None:
        """What reads values of up to LIGHT bytes, for whoever asks `read` if it raises anything; None if only `read` can."""
        return None if self._extra or not self._own else self._new_decoder(codec)

    def plain(self, data: bytes | msgspec.Raw, codec: Codec) -> Any:
        """What came, for whoever makes something else of it that is read here then; raises as `read`."""
        try:
            if len(data) > LIGHT:
                self._weigh(data, codec)
            plain = self._untyped(data, codec)
            refuse_twice(data, plain, codec)
        except (BadArguments, Undecodable):
            raise
        except DECODE_ERRORS as error:
            raise undecodable(error) from error
        return plain

    def _weigh(self, data: bytes | msgspec.Raw, codec: Codec) -> bool:
        """Whether only `walk.py` can tell if a value fits.

        Raises:
            BadArguments: its maps might take too long (`alike.py`).
            One of DECODE_ERRORS: the bytes are no value.
        """
        if codec is MSGPACK:
            if self._has_others():
                refuse_alike(data)
            return False
        if not self._has_numbers():
            return False
        from rpcgen.runtime.core import alike  # most programs never need it

        return alike.refuse_numbers(bytes(data))

    def _refuse_twice(self, data: bytes | msgspec.Raw, codec: Codec) -> None:
        """Raise BadArguments if a key came twice (`keys.py`): the value gave other bytes than it was read from."""
        refuse_twice(data, self._untyped(data, codec), codec)
        if codec is JSON and self._has_numbers():  # two texts may be one key
            self._walk(data, codec)

    def _has_numbers(self) -> bool:
        if self._numbers is None:
            self._numbers = has_int_keys(inspect.type_info(self._of))
        return self._numbers

    def _has_others(self) -> bool:
        if self._others is None:
            self._others = self._has_numbers() or has_plain(inspect.type_info(self._of))
        return self._others

    def _untyped(self, data: bytes | msgspec.Raw, codec: Codec) -> Any:
        """Plain values of what was weighed, as far as values of the type needed it."""
        if len(data) > LIGHT and codec is MSGPACK and not self._has_others():
            refuse_alike(data)
        return codec.untyped(data)

    def _new_decoder(self, codec: Codec) -> Decode:
        hook = None if self._hook is None else self._make
        decoder = self._decoders[codec] = codec.decoder(self._of, hook)
        return decoder

    def _make(self, of: type, value: Any) -> Any:
        """What the hook makes; encoding an object of the program's might raise anything, so that is not tried."""
        assert self._hook is not None
        made = self._hook(of, value)
        if not isinstance(made, Opaque):
            self._returns = False
        return made

    def _walk(self, data: bytes | msgspec.Raw, codec: Codec) -> Any:
        from rpcgen.runtime.core.walk import Walk  # most programs never need it

        try:
            plain = self._untyped(data, codec)
            if not self._own:
                refuse_twice(data, plain, codec)
            walk = Walk(codec, self._hook, strict=self._strict, own=self._own)
            return walk.read(inspect.type_info(self._of), plain)
        except (BadArguments, Undecodable):
            raise
        except DECODE_ERRORS as error:
            raise undecodable(error) from error
