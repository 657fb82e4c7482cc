"""Reads hostile files: each is refused with a place or accepted, in bounded time."""

from __future__ import annotations

import time

from rpcgen.idl import Loaded, loads, render

SECONDS = 10.0


def rules_of(loaded: Loaded) -> set[str]:
    """Return the rules that a file broke; rendering them must work, too."""
    text = render(loaded.diagnostics, loaded.sources)
    assert all(f"[{found.rule}]" in text for found in loaded.diagnostics)
    assert (loaded.interface is None) == any(
        found.severity == "error" for found in loaded.diagnostics
    )
    return {found.rule for found in loaded.diagnostics}


def refused(text: str, within: float = SECONDS) -> set[str]:
    """Return why a text is refused, which must be soon."""
    begin = time.process_time()
    loaded = loads(text)
    found = rules_of(loaded)
    assert time.process_time() - begin < within
    assert loaded.interface is None
    return found


def accepted(text: str, within: float = SECONDS) -> Loaded:
    """Return an interface that is accepted soon."""
    begin = time.process_time()
    loaded = loads(text)
    assert time.process_time() - begin < within
    assert loaded.interface is not None, render(loaded.diagnostics, loaded.sources)
    return loaded
