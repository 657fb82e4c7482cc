"""Bundles: several frames for one peer in one message of a transport, and how many there may be. Knows no transport.

What a transport or a broker does for a message costs several times as much as a small frame's way through our own core.
Frames that leave together therefore travel together. Pure: bytes in, bytes out.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Final

import msgspec

#: Frames in one bundle at most: what a receiver has to take at once is bounded.
MAX_FRAMES: Final = 64

#: Bytes of frames in one bundle at most; a larger frame travels alone. Every receiver takes so much, however small its
#: `max_message` is.
MAX_BYTES: Final = 48 * 1024

#: Bytes in a bundle beside its frames, at most.
OVERHEAD: Final = 3 + 3 * MAX_FRAMES

_encode: Final = msgspec.msgpack.Encoder().encode
_decode: Final = msgspec.msgpack.Decoder(
    Annotated[list[bytes], msgspec.Meta(min_length=2, max_length=MAX_FRAMES)]
).decode


def pack(frames: Sequence[bytes], most: int = MAX_BYTES) -> list[tuple[bytes, int]]:
    """What holds all frames in their order, each with how many it holds: a frame, or several as a bundle."""
    if len(frames) <= MAX_FRAMES and sum(map(len, frames)) <= most:  # nearly always
        return [_message(frames)]
    messages: list[tuple[bytes, int]] = []
    together: list[bytes] = []
    size = 0
    for frame in frames:
        size += len(frame)
        if together and (size > most or len(together) == MAX_FRAMES):
            messages.append(_message(together))
            together, size = [], len(frame)
        together.append(frame)
    messages.append(_message(together))
    return messages


def _message(frames: Sequence[bytes]) -> tuple[bytes, int]:
    return (frames[0], 1) if len(frames) == 1 else (_encode(frames), len(frames))


def unpack(bundle: bytes | memoryview) -> list[bytes]:
    """The frames of a bundle. Raises ValueError: it is cut, or has too few or too many frames, or an empty one."""
    try:
        frames: list[bytes] = _decode(bundle)
    except RecursionError as error:
        raise ValueError("a bundle that is not the array it should be") from error
    if not all(frames):
        raise ValueError("a bundle with an empty frame in it")
    return frames
