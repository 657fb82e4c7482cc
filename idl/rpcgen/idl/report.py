"""The list that every pass adds its diagnostics to, bounded in length and in work.

It knows no rule. A file of 4 MiB can hold a million mistakes; nobody reads them, and the memory they take would be
an attack, so the list ends after `LIMIT` errors and says so.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import islice

from rpcgen.idl.diagnostics import Diagnostic, Severity
from rpcgen.idl.position import Position

LIMIT = 200
_SUGGESTIONS = 50
_CANDIDATES = 2_000


class Report:
    """Collects diagnostics; says the same thing about the same place once."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, Position, str], Diagnostic] = {}
        self._left_out: dict[Severity, int] = {"error": 0, "warning": 0}
        self._suggestions = _SUGGESTIONS

    def error(
        self,
        rule: str,
        message: str,
        at: Position,
        *,
        hint: str = "",
        related: Iterable[tuple[Position, str]] = (),
    ) -> None:
        """Add a mistake."""
        self._add(
            Diagnostic(rule, _one_line(message), at, "error", _one_line(hint), tuple(related))
        )

    def warning(self, rule: str, message: str, at: Position, *, hint: str = "") -> None:
        """Add a doubt, which refuses nothing."""
        self._add(Diagnostic(rule, _one_line(message), at, "warning", _one_line(hint)))

    def _add(self, diagnostic: Diagnostic) -> None:
        key = (diagnostic.rule, diagnostic.position, diagnostic.message)
        if key in self._found:
            return
        if len(self._found) >= LIMIT:
            self._left_out[diagnostic.severity] += 1
            return
        self._found[key] = diagnostic

    @property
    def full(self) -> bool:
        """Whether no more are taken, so that it makes no sense to look for more."""
        return self._left_out["error"] > 0

    @property
    def failed(self) -> bool:
        """Whether there is any error."""
        return self._left_out["error"] > 0 or any(
            d.severity == "error" for d in self._found.values()
        )

    def diagnostics(self, files: Iterable[str]) -> tuple[Diagnostic, ...]:
        """Return what was found, by file in the order given, then by place."""
        rank = {file: number for number, file in enumerate(files)}
        found = sorted(
            self._found.values(),
            key=lambda d: (rank.get(d.position.file, len(rank)), d.position, d.rule, d.message),
        )
        left_out = sum(self._left_out.values())
        if left_out:
            severity: Severity = "error" if self._left_out["error"] else "warning"
            message = f"{left_out} more mistakes are not shown"
            found.append(Diagnostic("too-many-mistakes", message, found[-1].position, severity))
        return tuple(found)

    def suggest(self, word: str, known: Iterable[str]) -> str:
        """Return `did you mean "…"?` for the nearest known word, or nothing.

        Only the first few mistakes get one: comparing a word with ten thousand names takes time.
        """
        if self._suggestions == 0:
            return ""
        self._suggestions -= 1
        best = nearest(word, known)
        return f'did you mean "{best}"?' if best is not None else ""


def _one_line(text: str) -> str:
    """Keep a message that quotes the file on one line."""
    return text.replace("\n", "\\n")


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Return the known word that looks most like this one, or None if none comes near."""
    # difflib costs a few milliseconds to import, and a file without mistakes never needs it.
    import difflib

    candidates = list(islice(known, _CANDIDATES))
    folded = _fold(word)
    for candidate in candidates:
        if _fold(candidate) == folded:
            return candidate
    reach = max(2, len(word) // 3)
    near = [c for c in candidates if abs(len(c) - len(word)) <= reach]
    matches = difflib.get_close_matches(word[:200], near, n=1, cutoff=0.7)
    return matches[0] if matches else None


def _fold(word: str) -> str:
    return re.sub(r"[^a-z0-9]", "", word[:200].lower())
