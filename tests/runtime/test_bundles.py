"""Bundles, whatever carries them: what is packed comes out again within the bound that is given, and nothing else is read."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rpcgen.runtime import bundles

FRAMES = st.lists(st.binary(min_size=1, max_size=300), min_size=1, max_size=150)


@given(FRAMES, st.integers(0, 2000))
def test_what_is_packed_comes_out(frames: list[bytes], most: int) -> None:
    """Every frame, once, in order; no bundle holds more than may be in one, and one frame is none."""
    out: list[bytes] = []
    for packed, count in bundles.pack(frames, most):
        found = [packed] if count == 1 else bundles.unpack(packed)
        assert len(found) == count <= bundles.MAX_FRAMES
        if count > 1:
            assert sum(map(len, found)) <= most
            assert len(packed) <= most + bundles.OVERHEAD
        out += found
    assert out == frames


def test_the_largest_bundle_has_no_more_around_its_frames() -> None:
    """So many frames, of so many bytes as there may be."""
    frames = [bytes(bundles.MAX_BYTES // bundles.MAX_FRAMES)] * bundles.MAX_FRAMES
    ((packed, count),) = bundles.pack(frames)
    assert count == bundles.MAX_FRAMES
    assert len(packed) == bundles.MAX_BYTES + bundles.OVERHEAD


@pytest.mark.parametrize(
    "said",
    [
        b"",
        msgspec.msgpack.encode([]),
        msgspec.msgpack.encode([b"one"]),
        msgspec.msgpack.encode([b"one", b""]),
        msgspec.msgpack.encode([b"one", "two"]),
        msgspec.msgpack.encode([b"x"] * (bundles.MAX_FRAMES + 1)),
        msgspec.msgpack.encode([b"one", b"two"])[:-1],
        msgspec.msgpack.encode([b"one", b"two"]) + b"\x00",
        b"\x92" * 50_000,
    ],
)
def test_nothing_of_what_breaks_a_rule_is_read(said: bytes) -> None:
    """It is a ValueError, and no other."""
    with pytest.raises(ValueError, match=r".+"):
        bundles.unpack(said)
