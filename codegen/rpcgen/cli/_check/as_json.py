"""Judgements as JSON for other programs; `schema.json` beside this file describes it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from rpcgen.cli._check.entries import level, needs, reader_of, unseen, writer_of
from rpcgen.cli._check.judge import Checked, Outcome
from rpcgen.idl import Position
from rpcgen.idl.compat import Finding, Verdict

if TYPE_CHECKING:
    from rpcgen.cli._examples.find import Example
    from rpcgen.cli._project.settings import Waiver

#: Rises when a reader has to change, not when keys are added.
FORMAT = 1


def as_json(outcome: Outcome) -> str:
    """One object."""
    whole = {
        "format": FORMAT,
        "passed": not outcome.failed,
        "interfaces": [_interface(one) for one in outcome.checked],
        "project": [
            _of_project(each, outcome.waivers.get(each.fingerprint)) for each in outcome.project
        ],
    }
    return json.dumps(whole, indent=1, ensure_ascii=False) + "\n"


def _of_project(finding: Finding, waiver: Waiver | None) -> dict[str, Any]:
    return {
        "rule": finding.rule,
        "message": finding.message,
        "place": _place(finding.place),
        "fingerprint": finding.fingerprint,
        "waived": _waived(waiver),
    }


def _waived(waiver: Waiver | None) -> dict[str, Any] | None:
    return None if waiver is None else {"reason": waiver.reason, "until": str(waiver.until)}


def _interface(one: Checked) -> dict[str, Any]:
    check = one.check
    return {
        "interface": check.interface.name,
        "file": check.interface.source,
        "baseline": one.baseline.origin,
        "passed": not check.failed,
        "verdict": str(check.verdict),
        "version": {
            "said": str(check.interface.version),
            "released": str(check.last) if check.last is not None else None,
            "required": str(check.required),
        },
        "findings": [_finding(one, each) for each in check.findings],
    }


def _finding(one: Checked, finding: Finding) -> dict[str, Any]:
    waiver = one.waivers.get(finding.fingerprint)
    example = one.examples.get(finding.fingerprint)
    return {
        "rule": finding.rule,
        "level": level(one.check, finding),
        "verdict": str(finding.verdict),
        "wire": str(finding.wire),
        "source": str(finding.source),
        "message": finding.message,
        "path": finding.path,
        "place": _place(finding.place),
        "against": str(finding.against) if finding.against is not None else None,
        "before": finding.before or None,
        "needs": needs(one.check, finding) or None,
        "counterexample": None if example is None else _example(one, finding, example),
        "unseen": unseen(finding) if example is None and finding.verdict == Verdict.MAJOR else None,
        "fingerprint": finding.fingerprint,
        "waived": _waived(waiver),
    }


def _example(one: Checked, finding: Finding, example: Example) -> dict[str, Any]:
    return {
        "method": example.root.name,
        "writer": writer_of(one, finding, example),
        "reader": reader_of(one, finding, example),
        "message": example.message,
        "failure": str(example.failure),
    }


def _place(place: Position) -> dict[str, Any]:
    return {"file": place.file, "line": place.line, "column": place.column, "length": place.length}
