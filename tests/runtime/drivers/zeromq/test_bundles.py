"""Bundles as bytes: what is packed comes out again, and what breaks a rule of PROTOCOL.md is malformed."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rpcgen.runtime.drivers.zeromq import bundles
from rpcgen.runtime.drivers.zeromq.control import Malformed
from rpcgen.runtime.drivers.zeromq.sockets import CONTROL_LIMIT

from tests.bare import BUNDLE, HELLO, bundle, frames_of
from tests.runtime.drivers.zeromq.parts import ROOT

#: Any frame that may travel in a bundle; sizes at which something changes are as likely as small ones.
SIZES = st.one_of(
    st.integers(1, 40),
    st.sampled_from([255, 256, 1000, 20_000, 48 * 1024 - 1, 48 * 1024, 48 * 1024 + 1, 70_000]),
)
FRAMES = st.builds(lambda first, size: bytes([first]) * size, st.integers(0, 0xC0), SIZES)

MALFORMED = {
    "nothing": BUNDLE,
    "cut": bundle(b"one", b"two")[:-1],
    "cut in a head": bundle(b"one", b"two")[:-4],
    "no frame": bundle(),
    "one frame": bundle(b"one"),
    "65 frames": bundle(*[b"x"] * 65),
    "an empty frame": bundle(b"one", b"", b"two"),
    "a control frame": bundle(b"one", HELLO),
    "a bundle": bundle(b"one", bundle(b"two", b"three")),
    "text": bundle(b"one", "two"),
    "a number": bundle(b"one", 2),
    "null": bundle(None, b"two"),
    "an array": bundle(b"one", [b"two"]),
    "bytes behind": bundle(b"one", b"two") + b"\x00",
    "a map": BUNDLE + msgspec.msgpack.encode({b"one": b"two"}),
    "one binary": BUNDLE + msgspec.msgpack.encode(b"one"),
    "a lie about frames": BUNDLE + b"\xdd\xff\xff\xff\xff\xc4\x01a",
    "a lie about bytes": BUNDLE + b"\x92\xc4\x01a\xc6\xff\xff\xff\xffb",
    "a tower": BUNDLE + b"\x92" * 50_000,
}


@given(st.lists(FRAMES, min_size=1, max_size=150))
def test_what_is_packed_comes_out(frames: list[bytes]) -> None:
    """Every frame, once, in order; no message holds more than may be in one, and each says how many it holds."""
    messages = bundles.pack(frames)
    out: list[bytes] = []
    for message, count in messages:
        found = frames_of(message)
        assert len(found) == count <= 64
        if count > 1:
            assert bundles.unpack(message) == found
            assert sum(map(len, found)) <= 48 * 1024
            assert len(message) < CONTROL_LIMIT  # that much any receiver takes
        out += found
    assert out == frames


@given(st.lists(FRAMES, min_size=2, max_size=150))
def test_no_message_more_than_is_needed(frames: list[bytes]) -> None:
    """What comes next would have broken a limit, or it would be in there."""
    packed = [frames_of(message) for message, _ in bundles.pack(frames)]
    for one, following in pairwise(packed):
        assert len(one) == 64 or sum(map(len, one)) + len(following[0]) > 48 * 1024


def test_a_frame_alone_is_no_bundle() -> None:
    """Neither a single one nor one that is too large for company costs a byte more."""
    large = b"x" * (48 * 1024 + 1)
    assert bundles.pack([b"one"]) == [(b"one", 1)]
    assert bundles.pack([large]) == [(large, 1)]
    assert bundles.pack([b"one", large, b"two", b"three"]) == [
        (b"one", 1),
        (large, 1),
        (bundle(b"two", b"three"), 2),
    ]


@pytest.mark.parametrize(("count", "messages"), [(64, [64]), (65, [64, 1]), (130, [64, 64, 2])])
def test_sixty_four_frames_at_most(count: int, messages: list[int]) -> None:
    """The next one begins another message."""
    frames = [b"%d" % number for number in range(count)]
    assert [held for _, held in bundles.pack(frames)] == messages


def test_48_kibibytes_at_most() -> None:
    """Exactly so much is together, and a byte more is not."""
    half = b"x" * (24 * 1024)
    assert [held for _, held in bundles.pack([half, half])] == [2]
    assert [held for _, held in bundles.pack([half, half + b"x"])] == [1, 1]


@pytest.mark.parametrize("name", MALFORMED)
def test_what_breaks_a_rule_is_malformed(name: str) -> None:
    """Nothing of it is given out."""
    with pytest.raises(Malformed):
        bundles.unpack(MALFORMED[name])


@given(st.binary(max_size=80))
def test_any_bytes_are_frames_or_malformed(said: bytes) -> None:
    """No other exception comes out, and never a frame that may not be in a bundle."""
    try:
        frames = bundles.unpack(bundles.HEAD + said)
    except Malformed:
        return
    assert 2 <= len(frames) <= 64
    assert all(frame and frame[0] != 0xC1 for frame in frames)


def test_the_example_of_the_document_is_read() -> None:
    """The bytes that PROTOCOL.md shows are the two frames that it names."""
    text = Path(ROOT / "PROTOCOL.md").read_text()
    match = re.search(
        r"^\| bundle of the frames `01` and `02 03`.*\| `([0-9A-F ]+)` \|$", text, re.M
    )
    assert match
    assert bundles.unpack(bytes.fromhex(match[1])) == [b"\x01", b"\x02\x03"]
