"""Versions, where a folder of files cannot say it: digests that differ, waivers, and the day."""

from __future__ import annotations

from datetime import date

import pytest
from rpcgen.idl import Position, Version
from rpcgen.idl.compat import check

from tests.idl.compat.cases import interface_of

SERVED = """serves: ["1.3"]
supported_until: {"1": 2027-06-30}
methods: {get: {call: any}, put: {cast: any, since: "2.0"}}
"""
ALONE = "methods: {get: {call: any}, put: {cast: any}}\n"


@pytest.mark.parametrize(("day", "dropped"), [("2027-06-30", True), ("2027-07-01", False)])
def test_a_major_may_go_after_the_day_that_was_told(day: str, dropped: bool) -> None:
    """A release said how long a major stays; it stays that day, too."""
    release = interface_of(SERVED, "2.0")
    found = check(
        interface_of(ALONE, "2.0"), {release.version: release}, today=date.fromisoformat(day)
    )
    assert ("major-dropped" in {each.rule for each in found.findings}) == dropped


def test_a_release_whose_digest_differs_is_an_error() -> None:
    """Whoever reads releases tells which were changed, and where they are."""
    release = interface_of(ALONE, "1.0")
    place = Position("rpcgen.lock/demo.api/1.0.json", 1, 1)
    found = check(release, {release.version: release}, rewritten={Version(1, 0): place})
    assert [(each.rule, each.place) for each in found.findings] == [("history-rewritten", place)]
    assert found.failed


def test_what_is_waived_asks_for_no_version() -> None:
    """A waived major leaves what the other changes need."""
    release = interface_of(ALONE, "1.0")
    after = interface_of('methods: {get: {call: any}, wake: {cast: any, since: "1.1"}}\n', "1.1")
    releases = {release.version: release}
    strict = check(after, releases)
    (gone,) = [each for each in strict.findings if each.rule == "method-removed"]
    waived = check(after, releases, waived={gone.fingerprint})
    assert (strict.required, strict.failed) == (Version(2, 0), True)
    assert (waived.required, waived.failed) == (Version(1, 1), False)
    assert gone.fingerprint in {each.fingerprint for each in waived.findings}
