"""Where the servers and clients of the conformance suite meet."""

from __future__ import annotations

from pathlib import Path

from tests.places import Place


class Carrier(Place):
    """A folder for each test."""

    def __init__(self, directory: Path) -> None:
        self.client = f"carrier://{directory}/s"
