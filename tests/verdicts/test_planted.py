"""A wrong verdict is noticed: each rule is made to say less than it should, or more, and some pair disagrees."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from rpcgen.idl.compat import (
    Verdict,
    definitions,
    finding,
    members,
    methods,
    registry,
    rule_ids,
    rule_named,
    surface,
    types,
)
from rpcgen.idl.compat import walk as walks
from rpcgen.idl.compat.change import Change
from rpcgen.idl.compat.rule import Rule
from rpcgen.idl.compat.verdict import Judgement

from tests.verdicts.agreement import disagreement
from tests.verdicts.exploring import Run

# Whichever test is first runs the pairs of all.
pytestmark = pytest.mark.timeout(600)

#: As it is without a plant.
RULE_FOR = registry.rule_for
Judge = Callable[[Change], Judgement]


@pytest.fixture(scope="module")
def agreed(run: Run) -> Run:
    """The pairs on which check and messages agree as things are."""
    return [(pair, found) for pair, found in run if not disagreement(pair, pair.judged(), found)]


def is_noticed(agreed: Run) -> bool:
    """Whether the check, as it is now, disagrees with what became of some messages."""
    return any(disagreement(pair, pair.judged(), found) for pair, found in agreed)


def _less(judge: Judge) -> Judge:
    return lambda change: replace(
        judge(change), wire=Verdict.MINOR, source=Verdict.MINOR, undated="", unseen=""
    )


def _more(judge: Judge) -> Judge:
    return lambda change: replace(judge(change), wire=Verdict.MAJOR, unseen="")


def _costly() -> list[str]:
    """The rules that can cost a major because of a message.

    `route-removed` is none of them: the message that is sent by another route is the same, and so is its reader.
    """
    names = [
        *("call-became-cast", "cast-became-call", "default-changed", "default-removed"),
        *("field-became-required", "method-removed", "request-constraint-tightened"),
        *("request-enum-value-removed", "request-field-removed", "request-required-field-added"),
        *("request-type-closed", "request-union-member-removed", "result-enum-value-added"),
        *("result-enum-value-removed", "result-field-became-optional", "result-field-removed"),
        *("result-required-field-added", "result-type-opened", "result-type-widened"),
        *("result-union-member-added", "result-union-member-removed", "return-added"),
        *("return-removed", "type-changed", "type-narrowed", "field-renamed"),
    ]
    return sorted(set(names) & set(rule_ids()))


def _cheap() -> list[str]:
    """The rules that cost less than a major, so that messages have to pass."""
    return [
        *("enum-value-renamed", "error-base-gained", "error-retry-changed", "event-added"),
        *("idempotency-gained", "kind-added", "method-added", "method-renamed"),
        *("optional-field-added", "policy-changed", "raise-added", "raise-removed"),
        *("request-constraint-loosened", "request-enum-value-added", "request-type-opened"),
        *("request-field-became-optional", "request-type-widened", "request-union-member-added"),
        *("result-constraint-loosened", "result-constraint-tightened", "result-type-closed"),
        *("route-added", "timeout-raised", "type-renamed"),
    ]


def test_nothing_is_noticed_without_a_plant(agreed: Run) -> None:
    """The pairs that agree go on to agree."""
    assert not is_noticed(agreed)


@pytest.mark.parametrize(
    ("name", "wrong"),
    [*((name, _less) for name in _costly()), *((name, _more) for name in _cheap())],
)
def test_a_wrong_verdict_is_noticed(
    agreed: Run,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    wrong: Callable[[Judge], Judge],
) -> None:
    """A rule that says less, or more, than it should disagrees with messages."""
    right = rule_named(name)
    planted = replace(right, judge=wrong(right.judge))

    def rule_for(subject: str, action: str, direction: str) -> Rule:
        found = RULE_FOR(subject, action, direction)
        return planted if found is right else found

    monkeypatch.setattr(finding, "rule_for", rule_for)
    assert is_noticed(agreed)


def _nothing(*_: Any, **__: Any) -> None:
    return None


#: Mistakes in the walks, and not in a rule: something is not compared, or compared the wrong way round.
WALKS: list[tuple[Any, str, Any]] = [
    (surface, "compare_fields", _nothing),
    (methods, "compare_fields", _nothing),
    (definitions, "compare_fields", _nothing),
    (methods, "_compare_returns", _nothing),
    (types, "_compare_limits", _nothing),
    (types, "_compare_keys", lambda *_: True),
    (types, "compare_bounds", lambda old, new: (False, False)),
    (definitions, "_compare_values", _nothing),
    (definitions, "_compare_tags", _nothing),
    (definitions, "_compare_openness", _nothing),
    (members, "_compare_states", _nothing),
    (members, "_removed", _nothing),
    (members, "_added", _nothing),
    (members, "is_required", lambda field, known: False),
    (walks.Walk, "later", _nothing),
]


@pytest.mark.parametrize(("module", "name", "mistake"), WALKS)
def test_a_wrong_walk_is_noticed(
    agreed: Run,
    monkeypatch: pytest.MonkeyPatch,
    module: Any,
    name: str,
    mistake: Any,
) -> None:
    """A comparison that leaves something out, or takes it for something else, disagrees with messages."""
    monkeypatch.setattr(module, name, mistake)
    assert is_noticed(agreed)
