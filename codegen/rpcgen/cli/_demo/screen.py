"""What the tour looks like: plain text in a pipe, colours on a terminal. Knows nothing of what is shown."""

from __future__ import annotations

import sys
import textwrap
from typing import Protocol


class Screen(Protocol):
    """Where the tour is shown."""

    def heading(self, text: str) -> None:
        """Show what follows."""
        ...

    def step(self, number: int, title: str, code: str, outcome: str, seconds: float) -> None:
        """Show a step that went well: what it is, the code that does it, what came out, and how long it took."""
        ...

    def closing(self, text: str) -> None:
        """Show how it ended, and what can be done next."""
        ...


def open_screen() -> Screen:
    """The screen for our standard output."""
    return Terminal() if sys.stdout.isatty() else Plain()


def clock(seconds: float) -> str:
    """A duration as people read it."""
    return f"{seconds:.1f} s" if seconds >= 1 else f"{seconds * 1000:.1f} ms"


class Plain:
    """Text without any control characters."""

    def heading(self, text: str) -> None:
        """As Screen."""
        print(text, flush=True)

    def step(self, number: int, title: str, code: str, outcome: str, seconds: float) -> None:
        """As Screen."""
        print(f"\n{number}. {title} ({clock(seconds)})")
        if code:
            print(textwrap.indent(code, "     "))
        print(textwrap.indent(outcome, "   > "), flush=True)

    def closing(self, text: str) -> None:
        """As Screen."""
        print(f"\n{text}", flush=True)


class Terminal:
    """Colours, through rich, which only this class imports."""

    def __init__(self) -> None:
        from rich.console import Console

        self._console = Console(highlight=False)

    def heading(self, text: str) -> None:
        """As Screen."""
        self._console.print(text, style="bold", markup=False)

    def step(self, number: int, title: str, code: str, outcome: str, seconds: float) -> None:
        """As Screen."""
        from rich.padding import Padding
        from rich.syntax import Syntax
        from rich.text import Text

        head = Text.assemble((f"\n{number}. {title} ", "bold"), (clock(seconds), "dim"))
        self._console.print(head)
        if code:
            self._console.print(Padding(Syntax(code, "python", background_color="default"), (0, 5)))
        self._console.print(Text(textwrap.indent(outcome, "   > "), style="green"))

    def closing(self, text: str) -> None:
        """As Screen."""
        self._console.print(f"\n{text}", style="bold", markup=False)
