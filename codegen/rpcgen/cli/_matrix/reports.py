"""The matrix for other programs: JSON, and JUnit's XML. Both say the same for the same files, whatever the clock."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any
from xml.sax.saxutils import quoteattr

from rpcgen.cli._formats.xml import attribute, content
from rpcgen.cli._matrix.cells import Done, Outcome
from rpcgen.cli._matrix.run import Result

#: Rises when a reader of the JSON has to change.
FORMAT = 1


def as_json(result: Result) -> str:
    """One JSON object, each cell on a line of its own."""
    counts = Counter(each.outcome for each in result.done)
    head = {
        "format": FORMAT,
        "interface": result.releases[0].interface.name,
        "files": [
            {
                "name": release.label,
                "file": release.file,
                "version": str(release.interface.version),
                "serves": [str(version) for version in release.interface.serves],
            }
            for release in result.releases
        ],
        "summary": {
            "cells": len(result.done),
            "failed": len(result.failed),
            "outcomes": {str(each): counts[each] for each in Outcome},
        },
    }
    lines = ",\n".join("  " + json.dumps(_cell(each)) for each in result.done)
    text = json.dumps(head, indent=1).removesuffix("\n}")
    return f'{text},\n "cells": [\n{lines}\n ]\n}}'


def _cell(done: Done) -> dict[str, Any]:
    cell = done.cell
    return {
        "client": cell.client.label,
        "pin": cell.pin,
        "server": cell.server.label,
        "method": cell.method.name,
        "kind": cell.route.kind,
        "to": cell.route.to,
        "payload": cell.payload,
        "needs": None if done.needs is None else str(done.needs),
        "outcome": str(done.outcome),
        "failed": done.failed,
        "detail": done.detail,
    }


def as_junit(result: Result) -> str:
    """A suite for each client, pin and server; a test case for each cell."""
    suites: dict[tuple[str, str, str], list[Done]] = {}
    for each in result.done:
        key = (each.cell.client.label, each.cell.pin, each.cell.server.label)
        suites.setdefault(key, []).append(each)
    name = result.releases[0].interface.name
    lines = ['<?xml version="1.0" encoding="UTF-8"?>']
    lines.append(f"<testsuites{_counts(result.done)} name={quoteattr(name)}>")
    for (client, pin, server), done in suites.items():
        title = f"{name} client {client}, pin {pin}, server {server}"
        lines.append(f"  <testsuite{_counts(done)} name={quoteattr(title)}>")
        lines += (line for each in done for line in _case(each, title))
        lines.append("  </testsuite>")
    lines.append("</testsuites>")
    return "\n".join(lines)


def _counts(done: Iterable[Done]) -> str:
    done = list(done)
    failed = sum(each.failed for each in done)
    skipped = sum(each.outcome is Outcome.SKIPPED for each in done)
    return f' tests="{len(done)}" failures="{failed}" errors="0" skipped="{skipped}"'


def _case(done: Done, title: str) -> Iterator[str]:
    cell = done.cell
    name = f"{cell.method.name} {cell.route.kind} {cell.route.to}: {cell.payload}"
    head = f"    <testcase classname={attribute(title)} name={attribute(name)}"
    if done.failed:
        message = f"type={attribute(done.outcome)} message={attribute(done.detail)}"
        yield f"{head}><failure {message}/></testcase>"
    elif done.outcome is Outcome.SKIPPED:
        yield f"{head}><skipped message={attribute(done.detail)}/></testcase>"
    elif done.outcome is not Outcome.OK:
        text = content(f"{done.outcome}: {done.detail}")
        yield f"{head}><system-out>{text}</system-out></testcase>"
    else:
        yield f"{head}/>"
