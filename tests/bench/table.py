"""The report: one table for each workload, then the floors and the goals."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from tests.bench import guarantees
from tests.bench.adapter import Transport
from tests.bench.floors import Bound, bounds_of, shown
from tests.bench.plan import ALL_WORKLOADS, TITLES
from tests.bench.series import Series

#: The adapter that a workload's `x` column divides by.
BASE = "grpc_aio"
#: The same over a broker.
BROKER_BASE = "oslo_blocking"


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its head, and the text of a cell."""

    head: str
    cell: Callable[[Series, str, str], str]


def _metric(head: str, metric: str, text: str) -> Column:
    def cell(series: Series, workload: str, adapter: str) -> str:
        value = series.median(workload, adapter, metric)
        return "-" if value is None else text.format(value)

    return Column(head, cell)


def _spread(metric: str) -> Column:
    def cell(series: Series, workload: str, adapter: str) -> str:
        value = series.spread(workload, adapter, metric)
        return "-" if value is None else f"{value:.2f}"

    return Column("spread", cell)


def _over(base: str, metric: str) -> Column:
    def cell(series: Series, workload: str, adapter: str) -> str:
        value = series.ratio(workload, adapter, base, metric)
        return "-" if value is None else f"{value:.2f}"

    return Column(f"x {base}", cell)


_CPU = (
    _metric("CPU s/10k", "cpu", "{:.2f}"),
    _metric("of it server", "server_cpu", "{:.2f}"),
    _metric("broker's", "broker_cpu", "{:.2f}"),
)
_RATES = (
    _metric("calls/s", "rate", "{:,.0f}"),
    _spread("rate"),
    _over(BASE, "rate"),
    _over(BROKER_BASE, "rate"),
    *_CPU,
)
COLUMNS: dict[str, tuple[Column, ...]] = {
    "W1": (
        _metric("p50 us", "p50", "{:.0f}"),
        _metric("p99 us", "p99", "{:.0f}"),
        _spread("p50"),
        _over(BASE, "p50"),
        _over(BROKER_BASE, "p50"),
        *_CPU,
    ),
    "W2": _RATES,
    "W3": _RATES,
    "W4": (
        _metric("casts/s", "rate", "{:,.0f}"),
        _spread("rate"),
        _over("zmq_msgspec", "rate"),
        _over(BROKER_BASE, "rate"),
        *_CPU,
    ),
    "W5": (
        _metric("ms", "ms", "{:.0f}"),
        _spread("ms"),
        _metric("CPU ms", "cpu_ms", "{:.0f}"),
        _metric("without python's start", "import_cpu_ms", "{:.0f}"),
        _metric("RSS MB", "rss_mb", "{:.1f}"),
    ),
    "W6": (
        _metric("ms", "ms", "{:,.0f}"),
        _spread("ms"),
        _metric("CPU ms", "cpu_ms", "{:,.0f}"),
    ),
    "W7": (
        _metric("calls/s", "rate", "{:,.0f}"),
        _spread("rate"),
        _metric("time x without", "time_ratio", "{:.3f}"),
        *_CPU,
        _metric("CPU x without", "cpu_ratio", "{:.3f}"),
    ),
    "W8": (
        _metric("us without", "plain", "{:.2f}"),
        _metric("us", "us", "{:.2f}"),
        _metric("more us", "more", "{:.2f}"),
        _metric("x without", "ratio", "{:.3f}"),
    ),
    "W9": (
        _metric("calls/s", "rate", "{:,.0f}"),
        _metric("p50 us", "p50", "{:,.0f}"),
        _metric("p99 us", "p99", "{:,.0f}"),
        _spread("p99"),
        _metric("p99 / p50", "tail", "{:.1f}"),
    ),
    "W10": (
        _metric("choice ns", "choice_ns", "{:.0f}"),
        _metric("x 10 servers", "choice_ratio", "{:.2f}"),
        _metric("RSS KiB/peer", "peer_kib", "{:.1f}"),
        _metric("fds/peer", "peer_fds", "{:.1f}"),
        _metric("connect ms", "connect_ms", "{:,.0f}"),
        _metric("of it CPU", "connect_cpu_ms", "{:,.0f}"),
        _metric("fanout sent ms", "fanout_ms", "{:.1f}"),
        _metric("all arrived ms", "arrived_ms", "{:.1f}"),
        _metric("missed", "missed", "{:.0f}"),
        _metric("idle CPU ms/s", "idle_cpu_ms", "{:.2f}"),
    ),
    "W11": (
        _metric("right", "right", "{:,.0f}"),
        _metric("wrong", "wrong", "{:,.0f}"),
        _metric("s", "seconds", "{:.2f}"),
        _metric("client RSS MiB", "rss_mib", "{:.0f}"),
        _metric("client fds", "fds", "{:.0f}"),
        _metric("CPU s", "cpu_s", "{:.2f}"),
    ),
}


def report(series: Series, transport: Transport = "tcp") -> str:
    """The whole report, as Markdown."""
    parts = []
    if transport == "amqp" and (on := guarantees.rows(series.adapters_of_all())):
        parts.append(f"## What was on\n\n{markdown(guarantees.HEAD, on)}")
    parts += [
        f"## {workload}: {TITLES[workload]}\n\n{_workload(series, workload)}"
        for workload in ALL_WORKLOADS
        if series.adapters(workload)
    ]
    for title, bounds in bounds_of(transport).items():
        if any(bound.measured(series) is not None for bound in bounds):
            parts.append(f"## {title}\n\n{_bounds(bounds, series)}")
    return "\n\n".join(parts)


def _workload(series: Series, workload: str) -> str:
    adapters = series.adapters(workload)
    columns = [
        column
        for column in COLUMNS[workload]
        if any(column.cell(series, workload, adapter) != "-" for adapter in adapters)
    ]
    rows = [
        [adapter, *(column.cell(series, workload, adapter) for column in columns)]
        for adapter in adapters
    ]
    return markdown(["", *(column.head for column in columns)], rows)


def _bounds(bounds: Iterable[Bound], series: Series) -> str:
    rows = []
    for bound in bounds:
        measured = bound.measured(series)
        if measured is None:
            rows.append([str(bound), "not measured", ""])
        else:
            rows.append([str(bound), shown(measured), "yes" if bound.holds(measured) else "NO"])
    return markdown(["bound", "found", "holds"], rows)


def markdown(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table whose columns line up; the first column to the left."""
    widths = [max(len(row[n]) for row in (head, *rows)) for n in range(len(head))]

    def line(cells: Sequence[str]) -> str:
        first = cells[0].ljust(widths[0])
        rest = (cell.rjust(width) for cell, width in zip(cells[1:], widths[1:], strict=True))
        return "| " + " | ".join([first, *rest]) + " |"

    rule = "|" + "|".join("-" * (width + 1) + ":" for width in widths) + "|"
    rule = "|" + "-" * (widths[0] + 2) + rule[widths[0] + 3 :]
    return "\n".join([line(head), rule, *map(line, rows)])
