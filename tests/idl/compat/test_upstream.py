"""Two interfaces that grew over years, release by release: each step is checked as if it were made today."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from rpcgen.idl import Interface, Version
from rpcgen.idl.compat import Check, Verdict, check, compare, view_at
from rpcgen.idl.compat.lock import lock_text, read_lock
from rpcgen.idl.timeline import spoken

from tests.idl.compat.cases import interface_at
from tests.idl.compat.past import past

EXAMPLES = Path(__file__).parents[3] / "generated_examples"
FILES = {name: EXAMPLES / name / f"{name}.yaml" for name in ("nova_compute", "scheduler")}


def _versions(interface: Interface) -> list[Version]:
    return [
        Version(last.major, minor) for last in spoken(interface) for minor in range(last.minor + 1)
    ]


def _steps(name: str) -> dict[Version, Check]:
    """Release every version in turn, as text that is kept and read again, and check the next."""
    interface = interface_at(FILES[name])
    releases: dict[Version, Interface] = {}
    found: dict[Version, Check] = {}
    for version in _versions(interface):
        file = past(interface, version)
        found[version] = check(file, releases)
        releases[version] = read_lock(lock_text(file), f"{version}.json").interface
    return found


@pytest.fixture(scope="module")
def steps() -> dict[str, dict[Version, Check]]:
    """All steps of both."""
    return {name: _steps(name) for name in FILES}


@pytest.mark.parametrize("name", FILES)
def test_every_step_has_the_version_that_upstream_gave_it(
    steps: dict[str, dict[Version, Check]], name: str
) -> None:
    """With the history that the files tell, each release needs just the version that it had, and nothing is wrong."""
    first, *later = steps[name].values()
    assert first.last is None
    for step in later:
        assert step.required == step.interface.version
        assert [each.rule for each in step.findings if step.is_error(each)] == []


def test_what_the_new_major_took_away(steps: dict[str, dict[Version, Check]]) -> None:
    """6.0 removed arguments that had been deprecated, and 5.13 is still served as it was."""
    breaks = [
        f for f in steps["nova_compute"][Version(6, 0)].findings if f.verdict == Verdict.MAJOR
    ]
    assert {(each.rule, each.path) for each in breaks} == {
        ("request-field-removed", "check_instance_shared_storage.instance"),
        ("request-field-removed", "finish_snapshot_based_resize_at_dest.request_spec"),
        ("request-field-removed", "pre_live_migration.block_migration"),
        ("request-field-removed", "prep_snapshot_based_resize_at_dest.request_spec"),
    }


#: What upstream changed in a minor although neither side could read the other's messages: its code converted by hand.
BY_HAND = {
    ("nova_compute", "5.1"): {("type-changed", "prep_resize.request_spec")},
    ("scheduler", "4.3"): {
        ("request-field-removed", "select_destinations.filter_properties"),
        ("request-field-removed", "select_destinations.request_spec"),
        ("request-required-field-added", "select_destinations.spec_obj"),
    },
}


@pytest.mark.parametrize("name", FILES)
def test_steps_that_upstream_made_incompatibly(name: str) -> None:
    """Compared by their bare shapes, without what the files tell of the past, two minors would have needed a major."""
    interface = interface_at(FILES[name])
    versions = _versions(interface)
    found: dict[tuple[str, str], set[tuple[str, str]]] = {}
    for before, after in pairwise(versions):
        changed = compare(view_at(interface, before), view_at(interface, after)).findings
        breaks = {(each.rule, each.path) for each in changed if each.verdict == Verdict.MAJOR}
        if breaks and before.major == after.major:
            found[name, str(after)] = breaks
    assert found == {step: breaks for step, breaks in BY_HAND.items() if step[0] == name}
