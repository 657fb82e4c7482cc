"""The matrix as a table for people: a row for each client and pin, a column for each server; then what went wrong."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Sequence

from rpcgen.cli._matrix.cells import Done, Outcome
from rpcgen.cli._matrix.run import Result

#: Different failures that are shown.
_SHOWN = 20


def show(result: Result) -> None:
    """Print the matrix; with colours on a terminal."""
    rows = _rows(result)
    if sys.stdout.isatty():
        _show_colours(rows)
    else:
        widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
        for row in rows:
            line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
            print(line.rstrip())
    for line in _failures(result.failed):
        print(line)
    print()
    print(summary(result))


def summary(result: Result) -> str:
    """How many cells there were, what became of them, and how long it took."""
    outcomes = _counted(each.outcome for each in result.done) or "nothing to run"
    failed = len(result.failed) or "none"
    return f"{len(result.done)} cells in {result.seconds:.1f} s: {outcomes}; {failed} failed"


def _rows(result: Result) -> list[tuple[str, ...]]:
    labels = [release.label for release in result.releases]
    found: dict[tuple[str, str], dict[str, list[Done]]] = {}
    for each in result.done:
        cell = each.cell
        row = found.setdefault((cell.client.label, cell.pin), {})
        row.setdefault(cell.server.label, []).append(each)
    rows = [("CLIENT", "PIN", *(f"SERVER {label}" for label in labels))]
    for (client, pin), servers in found.items():
        rows.append((client, pin, *(_entry(servers.get(label, ())) for label in labels)))
    return rows


def _entry(done: Sequence[Done]) -> str:
    failed = [each.outcome for each in done if each.failed]
    text = _counted(each.outcome for each in done if not each.failed)
    wrong = f"FAILED {_counted(failed)}" if failed else ""
    return "; ".join(part for part in (wrong, text) if part) or "-"


def _counted(outcomes: Iterable[Outcome]) -> str:
    counts = Counter(outcomes)
    return ", ".join(f"{counts[each]} {each}" for each in Outcome if counts[each])


def _show_colours(rows: Sequence[tuple[str, ...]]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False)
    for title in rows[0]:
        table.add_column(title)
    for row in rows[1:]:
        styles = ("", "", *("red" if "FAILED" in entry else "green" for entry in row[2:]))
        table.add_row(*(Text(cell, style) for cell, style in zip(row, styles, strict=True)))
    Console(highlight=False).print(table)


def _failures(failed: Sequence[Done]) -> Iterable[str]:
    """One entry for all failures of one method that say the same."""
    groups: dict[tuple[str, str, str], list[Done]] = {}
    for each in failed:
        key = (each.cell.method.name, each.outcome, each.detail)
        groups.setdefault(key, []).append(each)
    for (method, outcome, detail), group in list(groups.items())[:_SHOWN]:
        first = group[0].cell
        yield ""
        yield f"{outcome}: {method}, {first.route.kind} to {first.route.to}, payload {first.payload}"
        yield f"    {detail}"
        times = f" and {len(group) - 1} more" if len(group) > 1 else ""
        yield f"    client {first.client.label}, pin {first.pin}, server {first.server.label}{times}"
    if len(groups) > _SHOWN:
        yield f"\n... and {len(groups) - _SHOWN} other failures; --format json has all"
