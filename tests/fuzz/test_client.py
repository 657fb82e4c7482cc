"""A client survives whatever comes instead of an answer, and believes nothing that is none (PROMISES: R1, R3, R4, R7)."""

from __future__ import annotations

from types import ModuleType

import pytest

from tests.fuzz import campaign
from tests.fuzz.asking import Asking
from tests.fuzz.mutations import Hostile
from tests.fuzz.served import silence
from tests.fuzz.wire import JSON, MSGPACK
from tests.measured import MEASURED

FRAMES = 100_000 * campaign.ROUNDS or 30_000


@pytest.mark.timeout(60 + 600 * campaign.ROUNDS)
@pytest.mark.parametrize("encoding", [MSGPACK, JSON])
def test_a_client_survives_hostile_answers(fuzzed: dict[str, ModuleType], encoding: str) -> None:
    """A call ends in a value of its type or in an error of ours, and only by an answer to it from the server it asked."""
    with silence():
        asking = Asking(fuzzed, encoding)
    hostile = Hostile(campaign.SEED, asking.plain, asking.frames)
    with silence():
        tally = campaign.run(asking.check, hostile.frames(FRAMES), side="client")
    MEASURED.append(f"client, {encoding}: {tally}; {asking.values} values, {asking.errors} errors")
    assert tally.findings == {}
    assert tally.growth <= campaign.GROWTH
    assert min(asking.values, asking.errors) > FRAMES / 100
