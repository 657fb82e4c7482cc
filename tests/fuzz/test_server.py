"""A server survives whatever arrives, and runs handlers for nothing but valid requests (PROMISES: R1-R7, R22).

RPCGEN_FUZZ=n feeds n times the whole of it, with other frames each time; the seed is printed.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from rpcgen.runtime.core.answering import Source
from rpcgen.runtime.counters import ServerCounters

from tests.fuzz import campaign
from tests.fuzz.mutations import Hostile
from tests.fuzz.seeds import frames, requests
from tests.fuzz.served import SOURCES, Subject, silence
from tests.fuzz.wire import JSON, MSGPACK, write
from tests.measured import MEASURED

FRAMES = 200_000 * max(campaign.ROUNDS, 1)


@pytest.mark.parametrize("encoding", [MSGPACK, JSON])
@pytest.mark.parametrize("source", SOURCES, ids=["of MessagePack", "of JSON"])
def test_good_requests_run(subject: Subject, encoding: str, source: Source) -> None:
    """What everything hostile is made from is valid, and every promise is kept for it, whatever a server usually speaks."""
    subject.source = source
    good = requests()
    for elements in good:
        subject.check(write(elements, encoding))
    assert (subject.runs, subject.unsure) == (len(good), 0)


@pytest.mark.parametrize("before", [b" ", b"\n\t"])
def test_the_first_byte_tells_the_encoding(subject: Subject, before: bytes) -> None:
    """JSON with spaces before it is JSON to a parser, and no message to a server, whatever it usually speaks."""
    good = requests()
    for elements in good:
        subject.check(before + write(elements, JSON))
    assert subject.serving.counters.snapshot() == {
        **ServerCounters().snapshot(),
        "unreadable": len(good),
    }


@pytest.mark.timeout(120 + 600 * campaign.ROUNDS)
def test_a_server_survives_hostile_frames(subject: Subject) -> None:
    """No exception escapes, no frame takes long, no handler runs for an invalid one, each call is answered once."""
    hostile = Hostile(campaign.SEED, requests(), frames())
    with silence():
        tally = campaign.run(subject.check, hostile.frames(FRAMES))
    MEASURED.append(
        f"server: {tally}; {subject.runs} handlers ran, {subject.unsure} of them unjudged"
    )
    assert tally.findings == {}
    assert tally.growth <= campaign.GROWTH
    assert subject.runs > FRAMES / 20
    assert subject.unsure < subject.runs / 20


def test_a_finding_is_kept_small(tmp_path: Path) -> None:
    """What is found is shrunk, and saved as text that can be read again."""

    def check(frame: bytes) -> None:
        assert b"bad" not in frame, "it is bad"

    tally = campaign.run(check, [b"good", b"x" * 100 + b"bad" + b"y" * 100], tmp_path)
    assert list(tally.findings.values()) == [b"bad"]
    (kept,) = tmp_path.glob("*.hex")
    assert kept.read_text().splitlines()[-1] == b"bad".hex()
