"""Bundles: several frames for one peer in one ZeroMQ message (PROTOCOL.md, ZeroMQ: Bundles).

What libzmq does for a message, and the wake-ups of its I/O threads, cost several times as much as a small frame's way
through our own core. Frames that leave together therefore travel together. Pure: bytes in, bytes out; knows no sockets.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Final

import msgspec
from rpcgen.runtime.drivers.zeromq.control import MARK, Malformed

BUNDLE: Final = 0x06

#: What a bundle begins with.
HEAD: Final = bytes((MARK, BUNDLE))

#: Frames in one bundle at most: what a receiver has to take at once is bounded.
MAX_FRAMES: Final = 64

#: Bytes of frames in one bundle at most: less than CONTROL_LIMIT, which every receiver takes however small its
#: `max_message` is. A larger frame travels alone.
MAX_BYTES: Final = 48 * 1024

_encode: Final = msgspec.msgpack.Encoder().encode
_decode: Final = msgspec.msgpack.Decoder(
    Annotated[list[bytes], msgspec.Meta(min_length=2, max_length=MAX_FRAMES)]
).decode


def pack(frames: Sequence[bytes]) -> list[tuple[bytes, int]]:
    """Messages that hold all frames in their order, each with how many it holds."""
    if len(frames) == 1:
        return [(frames[0], 1)]
    messages: list[tuple[bytes, int]] = []
    together: list[bytes] = []
    size = 0
    for frame in frames:
        size += len(frame)
        if together and (size > MAX_BYTES or len(together) == MAX_FRAMES):
            messages.append(_message(together))
            together, size = [], len(frame)
        together.append(frame)
    messages.append(_message(together))
    return messages


def _message(frames: list[bytes]) -> tuple[bytes, int]:
    if len(frames) == 1:
        return frames[0], 1
    return HEAD + _encode(frames), len(frames)


def unpack(message: bytes) -> list[bytes]:
    """The frames of a message that begins with HEAD.

    Raises:
        Malformed: it is cut, has too few or too many frames, or one that may not be in a bundle.
    """
    try:
        frames: list[bytes] = _decode(memoryview(message)[2:])
    except (ValueError, RecursionError) as error:
        raise Malformed("a bundle that is not the array it should be") from error
    for frame in frames:
        if not frame or frame[0] == MARK:
            raise Malformed("a bundle with an empty or a control frame in it")
    return frames
