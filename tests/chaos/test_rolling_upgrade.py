"""Servers are replaced by newer ones, one after the other, under the calls of old and new clients.

`RPCGEN_CHAOS=long` runs every combination, with more calls.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from msgspec import Struct

from tests.chaos.asks import SCENARIOS, Scenario
from tests.chaos.campaign import Campaign, urls
from tests.chaos.journal import REFUSAL_LIMIT, Checker
from tests.measured import MEASURED

LONG = os.environ.get("RPCGEN_CHAOS") == "long"
#: Calls of each client, and runs on each server, between two steps.
CALLS = 800 if LONG else 40
SERVERS = 2
CALLERS = 10
PACE = 0.05


class Case(Struct, frozen=True):
    """One run: the first world is that of the first server and of the old and the pinned client."""

    scenario: str
    transport: str
    worlds: tuple[str, str]

    def __str__(self) -> str:
        return f"{self.scenario}-{self.transport}-{'+'.join(self.worlds)}"


MIXED = ("blocking", "asyncio"), ("asyncio", "blocking")
ALL = (*MIXED, ("blocking", "blocking"), ("asyncio", "asyncio"))
CASES = [
    Case(scenario, transport, worlds)
    for scenario in SCENARIOS
    for transport in ("zmq+ipc", "zmq+tcp", "amqp")
    for worlds in ALL
    if LONG
    or (scenario, transport, worlds)
    in (
        ("rolling", "zmq+ipc", MIXED[0]),
        ("fleet", "zmq+tcp", MIXED[1]),
        ("rolling", "amqp", MIXED[1]),
    )
]


@pytest.mark.timeout(300 if LONG else 60)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_no_compatible_call_fails_while_servers_are_replaced(
    case: Case, directory: Path, request: pytest.FixtureRequest
) -> None:
    """Old, pinned and `auto` clients never notice; what no old server can take is refused, within a second."""
    scenario = SCENARIOS[case.scenario]
    broker = request.getfixturevalue("amqp_url") if case.transport == "amqp" else ""
    where = urls(case.transport, directory, SERVERS, broker=broker)
    with Campaign(scenario, directory, where) as campaign:
        upgrade(campaign, scenario, case.worlds)
        checker = campaign.finish()
    violations = checker.violations()
    MEASURED.append(row(case, checker, len(violations)))
    assert not violations, "\n".join(map(str, violations[:20]))
    outcomes = checker.outcomes
    assert outcomes["ok"] > 0
    assert outcomes["version"] > 0, "no message was too new for a server"
    assert outcomes["pinned"] > 0, "no message was too new for a pin"
    newest = list(scenario.releases.values())[-1].version
    late = [run for runs in checker.runs.values() for run in runs if run.ticket.startswith("late-")]
    assert max(run.needs for run in late) == newest, (
        "auto did not speak what all servers understand"
    )


def test_the_checker_sees_a_server_that_is_killed(directory: Path) -> None:
    """What is no rolling upgrade does not pass for one."""
    scenario = SCENARIOS["rolling"]
    with Campaign(scenario, directory, urls("zmq+ipc", directory, SERVERS)) as campaign:
        for number in range(SERVERS):
            campaign.start_server(number, "first", "asyncio")
        campaign.start_client(
            "old", "first", "asyncio", pin=None, newest=False, callers=4 * CALLERS, pace=0.0
        )
        campaign.progress(CALLS)
        campaign.kill_server(0)
        campaign.progress(CALLS)
        violations = campaign.finish().violations()
    assert {each.kind for each in violations} <= {"failed", "lost"}
    assert violations


def upgrade(campaign: Campaign, scenario: Scenario, worlds: tuple[str, str]) -> None:
    """Bring all servers from the first release to the last, one by one."""
    first, *later = scenario.releases
    newest = later[-1]
    for number in range(SERVERS):
        campaign.start_server(number, first, worlds[number % 2])
    load = {"callers": CALLERS, "pace": PACE}
    campaign.start_client("old", first, worlds[0], pin=None, newest=False, **load)
    campaign.start_client("new", newest, worlds[1], pin=None, newest=True, **load)
    campaign.start_client("pinned", newest, worlds[0], pin=scenario.pin, newest=True, **load)
    campaign.start_client("auto", newest, worlds[1], pin="auto", newest=True, **load)
    campaign.progress(CALLS)
    for release in later:
        for number in range(SERVERS):
            campaign.stop_server(number)
            campaign.start_server(number, release, worlds[(number + 1) % 2])
            campaign.progress(CALLS)
    campaign.start_client("late", newest, worlds[1], pin="auto", newest=True, **load)
    campaign.progress(CALLS)


def row(case: Case, checker: Checker, violations: int) -> str:
    """The limit and what was measured."""
    outcomes = checker.outcomes
    casts = sum(began.cast for began in checker.began.values())
    return (
        f"rolling upgrade, {case}: limit 0 failed, lost, repeated or misread compatible calls, "
        f"refusals within {REFUSAL_LIMIT:g} s; measured {violations} of {len(checker.began)} calls "
        f"({casts} of them casts), {outcomes['version']} refused for their version after at most "
        f"{checker.slowest('version'):.3f} s, {outcomes['pinned']} by their pin after at most "
        f"{checker.slowest('pinned'):.3f} s, slowest answer {checker.slowest('ok'):.3f} s"
    )
