"""SARIF 2.1.0, which code scanning services read."""

from __future__ import annotations

import json
from collections.abc import Iterable
from importlib.metadata import version
from typing import Any
from urllib.parse import quote

from rpcgen.cli._formats.entry import Entry, Group

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def as_sarif(groups: Iterable[Group], command: str) -> str:
    """One log with one run; every rule that was found is described."""
    entries = [each for group in groups for each in group.entries]
    rules = sorted({each.rule for each in entries})
    index = {rule: number for number, rule in enumerate(rules)}
    driver = {
        "name": f"rpcgen {command}",
        "version": version("rpcgen"),
        "rules": [_rule(rule) for rule in rules],
    }
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [_result(each, index[each.rule]) for each in entries],
    }
    whole = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(whole, indent=1, ensure_ascii=False) + "\n"


def _rule(rule: str) -> dict[str, Any]:
    from rpcgen.idl.rules import rule_page

    page = rule_page(rule) or ""
    lines = [line for line in page.splitlines() if line and not line.startswith("#")]
    found: dict[str, Any] = {"id": rule}
    if lines:
        found["shortDescription"] = {"text": lines[0]}
        found["help"] = {"text": page, "markdown": page}
    return found


def _result(entry: Entry, index: int) -> dict[str, Any]:
    at = entry.place
    region = {"startLine": at.line, "startColumn": at.column, "endColumn": at.column + at.length}
    result: dict[str, Any] = {
        "ruleId": entry.rule,
        "ruleIndex": index,
        "level": entry.level,
        "message": {"text": entry.text},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": quote(at.file)},
                    "region": region,
                }
            }
        ],
    }
    if entry.fingerprint:
        result["partialFingerprints"] = {"rpcgen/v1": entry.fingerprint}
    if entry.waived:
        result["suppressions"] = [{"kind": "external", "justification": entry.waived}]
    if entry.facts:
        result["properties"] = dict(entry.facts)
    return result
