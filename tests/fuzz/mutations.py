"""Hostile bytes, made from good ones: half of them mutated frames, a third wrong by grammar, the rest random."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

from tests.fuzz.seeds import Request, copied
from tests.fuzz.wire import JSON, MSGPACK, Exactly, Pairs, write

#: Marks of MessagePack whose length may lie, and lengths.
_MARKS = (0xC4, 0xC6, 0xC9, 0xD9, 0xDB, 0xDC, 0xDD, 0xDE, 0xDF)
_LENGTHS = (0, 1, 2**15, 2**16, 2**31 - 1, 2**31, 2**32 - 1)


def deep(depth: int) -> Exactly:
    """A value that is nested so deep."""
    return Exactly(b"\x91" * depth + b"\xc0", b"[" * depth + b"]" * depth)


def deep_map(depth: int) -> Exactly:
    """The same with maps."""
    return Exactly(b"\x81\xa1a" * depth + b"\xc0", b'{"a":' * depth + b"1" + b"}" * depth)


def _number(value: float) -> Exactly:
    return Exactly(struct.pack(">Bd", 0xCB, value), b"1e400")


NASTY: tuple[Any, ...] = (
    None, True, False, 0, 1, -1, 5, 2**31 - 1, 2**31, 2**63 - 1, 2**63, 2**64 - 1, 2**64, -(2**63),
    -(2**63) - 1, 10**30, -0.0, 0.5, 1.0, 1e18, 1e308, _number(float("inf")), _number(float("nan")),
    Exactly(struct.pack(">Bd", 0xCB, float("nan")), b"NaN"),
    "", "a", "1", "true", "top", "turbo", "parked", "gone", "\x00", "\ud800", "\U0001f600", "a\r\nb",
    "x" * 1024, "x" * 1025, "__init__", "__class__", "_interface", "close", "a.b", "\uff41\uff44\uff44",
    "NaN", "sNaN", "Infinity", "-1", "1e999999", "P1Y", "PT", "2026-02-30", "2026-01-02T03:04:05",
    b"", b"x" * 16, b"x" * 17, [], {}, [None], [[]], {"a": 1}, {"": 1}, {"": {}}, {"": {"a": 1, "b": 2}},
    {"": {"money": 5}}, {"": {"on": 5}}, {"": None}, {"point": None, "radius": 1.0}, {"unknown": {"a": 1}},
    {"x": {"y": 1}}, {1: "a"}, {True: 1}, [1, 1], ["a", "a"], [[1], [1]], [{}, {}],
    Pairs([("a", 1), ("a", 2)]), Pairs([([1], 2)]), Pairs([(None, 2)]), Pairs([("on", {"x": 1, "y": 2}), ("off", 1)]),
    deep(64), deep(500), deep_map(500),
    Exactly(b"\xd6\xff\x00\x00\x00\x01", b'"2026-01-02T03:04:05Z"'), Exactly(b"\xd4\x05\x00", b"{}"),
    Exactly(b"\xd8\xff" + b"\xff" * 16, b"1e5"), Exactly(b"\xc7\x0c\xff" + b"\xff" * 12, b"-"),
    Exactly(b"\xc1", b"nul"), Exactly(b"\xa2\xff\xfe", b'"\xff\xfe"'), Exactly(b"\xa1a\xa1b", b"1,2"),
    Exactly(b"\xca\x7f\x80\x00\x00", b'"\\ud800"'), Exactly(b"\xdd\xff\xff\xff\xff", b"01"),
)  # fmt: skip

#: What costs time, and therefore comes seldom.
HEAVY: tuple[Any, ...] = (
    deep(2000), deep(100_000), deep_map(30_000), "n" * 65536, b"n" * 65536, [0] * 100_000, "\ud800" * 2000,
    Exactly(b"\xa9" + b"n" * 9, b"9" * 5000),
)  # fmt: skip


class Hostile:
    """Makes frames from good requests.

    Args:
        seed: of the random numbers.
        plain: good frames as plain elements.
        frames: the same as bytes, and others.
    """

    def __init__(self, seed: int, plain: list[Request], frames: list[bytes]) -> None:
        self._random = Random(seed)
        self._plain = plain
        self._frames = frames

    def frames(self, count: int) -> Iterator[bytes]:
        """So many of them."""
        for _ in range(count):
            dice = self._random.random()
            if dice < 0.5:
                yield self.mutated()
            elif dice < 0.8:
                yield self.wrong()
            else:
                yield self.noise()

    # --- bytes ----------------------------------------------------------------------------------------------------

    def mutated(self) -> bytes:
        """A good frame with one to three changes of bytes."""
        random = self._random
        frame = bytearray(random.choice(self._frames))
        for _ in range(random.choice((1, 1, 1, 2, 3))):
            random.choice(self._BYTES)(self, frame)
        return bytes(frame)

    def _at(self, frame: bytearray) -> int:
        return self._random.randrange(len(frame) + 1)

    def _flip(self, frame: bytearray) -> None:
        if frame:
            frame[self._random.randrange(len(frame))] ^= 1 << self._random.randrange(8)

    def _set(self, frame: bytearray) -> None:
        if frame:
            frame[self._random.randrange(len(frame))] = self._random.randrange(256)

    def _cut(self, frame: bytearray) -> None:
        at = self._at(frame)
        del frame[at : at + self._random.choice((1, 1, 2, 5, 1 << 20))]

    def _splice(self, frame: bytearray) -> None:
        other = self._random.choice(self._frames)
        start = self._random.randrange(len(other))
        at = self._at(frame)
        end = at + self._random.choice((0, 1, 8, 1 << 20))
        frame[at:end] = other[start : start + self._random.choice((1, 4, 16, 1 << 20))]

    def _repeat(self, frame: bytearray) -> None:
        at = self._at(frame)
        piece = frame[at : at + self._random.choice((1, 2, 7, 30))]
        frame[at:at] = piece * self._random.choice((1, 1, 2, 50))

    def _lie(self, frame: bytearray) -> None:
        at, length = self._at(frame), self._random.choice(_LENGTHS)
        mark = self._random.choice(_MARKS)
        width = self._random.choice((0, 1, 5))
        frame[at : at + width] = bytes([mark]) + struct.pack(">I", length)

    def _longer(self, frame: bytearray) -> None:
        if frame:
            at = self._random.randrange(len(frame))
            frame[at] = (frame[at] + self._random.choice((1, 255))) % 256

    def _nest(self, frame: bytearray) -> None:
        depth = self._random.choice((2, 40, 70, 1000, 1000, 100_000 if self._seldom() else 3))
        piece = self._random.choice((b"\x91", b"\x81\xa1a", b"[", b'{"a":'))
        at = self._at(frame)
        frame[at:at] = piece * depth

    def _seldom(self) -> bool:
        return self._random.random() < 0.02

    _BYTES: tuple[Callable[[Hostile, bytearray], None], ...] = (
        _flip, _flip, _set, _cut, _splice, _repeat, _lie, _longer, _nest,
    )  # fmt: skip

    # --- grammar --------------------------------------------------------------------------------------------------

    def wrong(self) -> bytes:
        """A frame whose values are not what they should be."""
        random = self._random
        elements: list[Any] = copied(random.choice(self._plain))
        for _ in range(random.choice((1, 1, 1, 2, 3))):
            random.choice(self._GRAMMAR)(self, elements)
        return write(elements, random.choice((MSGPACK, JSON)))

    def nasty(self) -> Any:
        """One value that nobody expects."""
        return copied(self._random.choice(HEAVY if self._random.random() < 0.003 else NASTY))

    def _element(self, elements: list[Any]) -> None:
        if elements:
            elements[self._random.randrange(len(elements))] = self.nasty()

    def _fewer(self, elements: list[Any]) -> None:
        if elements:
            del elements[self._random.randrange(len(elements))]

    def _more(self, elements: list[Any]) -> None:
        elements.extend(self.nasty() for _ in range(self._random.choice((1, 2, 8))))

    def _version(self, elements: list[Any]) -> None:
        if len(elements) > 8:
            elements[self._random.choice((5, 6, 7))] = self._random.choice(
                (0, 1, 2, 3, 4, -1, 2**31)
            )

    def _time(self, elements: list[Any]) -> None:
        if len(elements) > 8:
            nan = Exactly(struct.pack(">Bd", 0xCB, float("nan")), b"null")
            elements[8] = self._random.choice(
                (-1, 0, -0.0, 1e18, 2**63, "5", nan, _number(float("inf")), None)
            )

    def _other(self, elements: list[Any]) -> None:
        """Names or arguments of another request."""
        other = copied(self._random.choice(self._plain))
        if min(len(elements), len(other)) > 9:
            at = self._random.choice((3, 4, 9, 2))
            elements[at] = other[at]

    def _body(self, elements: list[Any]) -> None:
        """Something in the arguments, or in whatever is a map or list."""
        maps = [
            each
            for each in elements
            if isinstance(each, dict | list) and not isinstance(each, Pairs) and each
        ]
        if maps:
            self._inside(self._random.choice(maps))

    def _inside(self, value: Any) -> None:
        random = self._random
        keys: list[Any] = list(value) if isinstance(value, dict) else list(range(len(value)))
        if not keys:
            return
        key = random.choice(keys)
        inner = value[key]
        if (
            isinstance(inner, dict | list)
            and not isinstance(inner, Pairs)
            and inner
            and random.random() < 0.7
        ):
            self._inside(inner)
            return
        match random.randrange(6):
            case 0 if isinstance(value, dict):
                del value[key]
            case 1 if isinstance(value, dict):
                value[
                    random.choice(
                        ("extra", "", "name", "title", "from", "rack", "x" * 300, "\ud800")
                    )
                ] = self.nasty()
            case 2 if isinstance(value, dict):
                value[random.choice(("", "x", f"{key}x"))] = value.pop(key)
            case 3 if isinstance(inner, dict):
                value[key] = Pairs(
                    [*inner.items(), *inner.items(), ("extra", 1)][: random.choice((-1, 99))]
                )
            case _:
                value[key] = self.nasty()

    _GRAMMAR: tuple[Callable[[Hostile, list[Any]], None], ...] = (
        _element, _fewer, _more, _version, _time, _other, _body, _body, _body, _body, _body,
    )  # fmt: skip

    # --- noise ----------------------------------------------------------------------------------------------------

    def noise(self) -> bytes:
        """Random bytes, which often begin as a frame does."""
        random = self._random
        head = random.choice(
            (b"", b"", b"[", b"[1,", b"\x9c\x01", b"\xdc\x00\x10\x01", b"\x90", b"\xc1\x01")
        )
        if head and random.random() < 0.5:
            head = random.choice(self._frames)[: random.randrange(60)]
        return head + random.randbytes(random.choice((0, 1, 3, 10, 40, 200)))
