"""Figures of a run: for each workload, adapter and metric the value of every round."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from statistics import median


class Series:
    """What was measured, and questions about it."""

    def __init__(self) -> None:
        self._rounds: dict[tuple[str, str, str], list[float]] = {}

    def add(self, workload: str, adapter: str, figures: Mapping[str, float]) -> None:
        """Keep the figures of one round."""
        for metric, value in figures.items():
            self._rounds.setdefault((workload, adapter, metric), []).append(value)

    def median(self, workload: str, adapter: str, metric: str) -> float | None:
        """The middle of the rounds; None if it was not measured."""
        rounds = self._rounds.get((workload, adapter, metric))
        return median(rounds) if rounds else None

    def spread(self, workload: str, adapter: str, metric: str) -> float | None:
        """(max - min) / median over the rounds."""
        rounds = self._rounds.get((workload, adapter, metric))
        return (max(rounds) - min(rounds)) / median(rounds) if rounds and median(rounds) else None

    def ratio(self, workload: str, adapter: str, other: str, metric: str) -> float | None:
        """One adapter over another in the same round, which is over in seconds: the middle of the rounds."""
        values = self._rounds.get((workload, adapter, metric), ())
        bases = self._rounds.get((workload, other, metric), ())
        ratios = [value / base for value, base in zip(values, bases, strict=False) if base]
        return median(ratios) if ratios else None

    def adapters(self, workload: str) -> list[str]:
        """Who was measured, in order of appearance."""
        return list(dict.fromkeys(name for which, name, _ in self._rounds if which == workload))

    def adapters_of_all(self) -> list[str]:
        """Who was measured in any workload."""
        return list(dict.fromkeys(name for _, name, _ in self._rounds))

    def all(self, metric: str) -> list[float]:
        """The values of every round of every adapter and workload."""
        return [
            value
            for (_, _, which), rounds in self._rounds.items()
            if which == metric
            for value in rounds
        ]

    def rows(self) -> Iterator[dict[str, object]]:
        """Everything, for a file."""
        for (workload, adapter, metric), rounds in self._rounds.items():
            yield {"workload": workload, "adapter": adapter, "metric": metric, "rounds": rounds}
