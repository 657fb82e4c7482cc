"""What exists at a version, under which name and type."""

from __future__ import annotations

import pytest
from rpcgen.idl import Dated, Version, load
from rpcgen.idl.spans import Span, spans, telling
from rpcgen.idl.timeline import (
    exists,
    form_at,
    is_spoken,
    last_spoken,
    method_name_at,
    name_at,
    older,
    spoken,
)
from rpcgen.idl.version import parse_version

from tests.idl.cases import CASES

LOADED = load(CASES / "good-upgrades" / "input.yaml").interface
assert LOADED is not None
DEMO = LOADED


def at(text: str) -> Version:
    """Return a version."""
    version = parse_version(text)
    assert version is not None
    return version


def dated(since: str, until: str) -> Dated:
    """Return dates from words."""
    return Dated(tuple(map(at, since.split())), tuple(map(at, until.split())))


@pytest.mark.parametrize(
    ("since", "until", "there", "missing"),
    [
        ("", "", "5.0 6.5", ""),
        ("5.12", "", "5.12 5.13 6.0", "5.11 4.9"),
        ("5.13 6.2", "", "5.13 6.2 7.0", "5.12 6.0 6.1"),
        ("", "6.0", "5.0 5.13", "6.0 6.5 7.0"),
        ("", "5.3 6.1", "5.2 6.0", "5.3 6.1 7.0"),
        ("5.1", "6.0", "5.1 5.13", "5.0 6.0"),
    ],
)
def test_dates_of_the_own_major_go_first(since: str, until: str, there: str, missing: str) -> None:
    """Then those of an earlier one; the spans of a major say the same."""
    life = dated(since, until)
    assert all(exists(life, at(version)) for version in there.split())
    assert not any(exists(life, at(version)) for version in missing.split())
    for version in map(at, [*there.split(), *missing.split()]):
        found = spans(life, {}, "x", Version(version.major, 13))
        inside = any(span.begin <= version.minor < span.end for span in found)
        assert inside == exists(life, version)


def test_histories_tell_what_was() -> None:
    """The closest later entry counts; after the last, what is now."""
    history = {at("5.3"): "a", at("6.0"): "b", at("6.2"): "c"}
    told = {text: older(history, at(text)) for text in ("4.0", "5.2", "5.3", "6.0", "6.1", "6.2")}
    assert told == {"4.0": "a", "5.2": "a", "5.3": "b", "6.0": "c", "6.1": "c", "6.2": None}
    always = Dated()
    assert spans(always, history, "d", at("5.13")) == [Span(0, 3, "a"), Span(3, 14, "b")]
    assert spans(always, history, "d", at("6.5")) == [Span(0, 2, "c"), Span(2, 6, "d")]
    assert spans(dated("6.1", ""), history, "d", at("6.5")) == [Span(1, 2, "c"), Span(2, 6, "d")]
    assert spans(dated("6.1", ""), history, "d", at("5.13")) == []


@pytest.mark.parametrize(
    ("dates", "expected"),
    [
        ("", "2.9"),
        ("3.1", "2.9 3.9 5.9"),
        ("4.1", "2.9 5.9 6.9"),
        ("1.1", "2.9 3.9"),
        ("6.2", "2.9 6.9"),
        ("7.1", "2.9"),
    ],
)
def test_majors_between_which_nothing_happens_are_alike(dates: str, expected: str) -> None:
    """One of them is enough."""
    versions = tuple(map(at, ["2.9", "3.9", "5.9", "6.9"]))
    assert telling(versions, map(at, dates.split())) == [*map(at, expected.split())]


def test_spoken_versions_and_what_is_left_of_the_past() -> None:
    """The last minors, ascending; what is gone was there at the last of its major."""
    assert spoken(DEMO) == (at("5.13"), at("6.5"))
    old = DEMO.methods["old_method"].dated
    assert is_spoken(old, DEMO)
    assert last_spoken(old, DEMO) == at("5.13")
    assert last_spoken(dated("", "6.3"), DEMO) == at("6.2")
    assert last_spoken(dated("", "5.0"), DEMO) is None


def test_names_and_forms_at_a_version() -> None:
    """An argument, a method and a form have what they had."""
    flavor = DEMO.methods["rebuild"].args["flavor"]
    assert [name_at(flavor, at(text)) for text in ("5.13", "6.0")] == ["instance_type", "flavor"]
    failover, select = DEMO.methods["failover"], DEMO.methods["select_destinations"]
    assert [method_name_at(failover, at(text)) for text in ("5.7", "5.8")] == [
        "failover_host",
        "failover",
    ]
    assert method_name_at(select, at("5.2")) == "select_destinations"
    form = form_at(select, at("5.2"))
    assert form is not None
    assert form.args is not None
    assert list(form.args) == ["request_spec", "filter_properties"]
    assert form_at(select, at("5.3")) is None
