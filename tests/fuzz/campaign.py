"""Feeds many frames, times each, and keeps the ones that found something, shrunk, as hexadecimal text."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import psutil

CORPUS = Path(__file__).parent / "corpus"
#: RPCGEN_FUZZ=n feeds n times the whole of what the project promises to try, with other frames each time.
ROUNDS = int(os.environ.get("RPCGEN_FUZZ", "0"))
SEED = int(os.environ.get("RPCGEN_FUZZ_SEED", "0")) or (time.time_ns() % 2**32 if ROUNDS else 1)
#: Seconds of one frame.
LIMIT = 2.0
#: Bytes by which the process may grow.
GROWTH = 50 << 20
#: Findings of different kinds after which a campaign gives up.
ENOUGH = 5

Check = Callable[[bytes], None]


@dataclass
class Tally:
    """What came of it: findings by their text, slowest frame, growth of the process."""

    frames: int = 0
    findings: dict[str, bytes] = field(default_factory=dict[str, bytes])
    slowest: float = 0.0
    seconds: float = 0.0
    growth: int = 0

    def __str__(self) -> str:
        return (
            f"{self.frames} frames in {self.seconds:.1f} s, slowest {self.slowest:.3f} s, "
            f"grown by {self.growth / 2**20:.1f} MiB, {len(self.findings)} findings, seed {SEED}"
        )


def run(check: Check, frames: Iterable[bytes], keep: Path = CORPUS, side: str = "server") -> Tally:
    """Check every frame; what is found is shrunk and kept, unless it is known and open."""
    known = [each.why for each in corpus().values() if each.why is not None]
    tally, process = Tally(), psutil.Process()
    begun, rss = time.monotonic(), process.memory_info().rss
    seen: set[str] = set()
    for frame in frames:
        tally.frames += 1
        start = time.thread_time()
        kind = finding(check, frame)
        took = time.thread_time() - start
        tally.slowest = max(tally.slowest, took)
        if took > LIMIT:
            kind = "it takes too long"
        if kind is None or any(map(kind.startswith, seen)) or _is_known(check, frame, known):
            continue
        seen.add(kind[:40])
        small = frame if took > LIMIT else shrink(check, frame, kind)
        text = ascii(finding(check, small) or kind)[1:-1]
        tally.findings[text] = small
        save(keep, side, small, text)
        if len(seen) >= ENOUGH:
            break
    tally.seconds = time.monotonic() - begun
    tally.growth = process.memory_info().rss - rss
    return tally


def finding(check: Check, frame: bytes) -> str | None:
    """The kind of what is wrong; None if nothing is."""
    try:
        check(frame)
    except Exception as error:
        return f"{type(error).__name__}: {error}"[:300]
    return None


def _is_known(check: Check, frame: bytes, known: list[str]) -> bool:
    text = finding(check, frame) or ""
    return any(each in text for each in known)


def shrink(check: Check, frame: bytes, kind: str, tries: int = 400) -> bytes:
    """A shorter frame with the same finding."""
    size = len(frame) // 2
    while size and tries:
        at = 0
        while at < len(frame) and tries:
            tries -= 1
            shorter = frame[:at] + frame[at + size :]
            if (finding(check, shorter) or "")[:40] == kind[:40]:
                frame = shorter
            else:
                at += size
        size //= 2
    return frame


def save(directory: Path, side: str, frame: bytes, why: str) -> None:
    """Keep a frame where a test finds it again."""
    directory.mkdir(parents=True, exist_ok=True)
    name = f"{side}-{hashlib.sha256(frame).hexdigest()[:12]}"
    text = "\n".join(frame[at : at + 50].hex() for at in range(0, len(frame), 50))
    (directory / f"{name}.hex").write_text(f"# {why}\n{text}\n")


class Kept(NamedTuple):
    """A frame of the corpus; `why` is a part of what is found for one whose bug is open."""

    frame: bytes
    why: str | None


def corpus() -> dict[str, Kept]:
    """All frames that were kept, by name."""
    return {path.stem: _kept(path.read_text()) for path in sorted(CORPUS.glob("*.hex"))}


def _kept(text: str) -> Kept:
    lines = text.splitlines()
    why = next((line[8:] for line in lines if line.startswith("# open: ")), None)
    return Kept(bytes.fromhex("".join(line for line in lines if line[:1] != "#")), why)
