"""Socket files of dead servers."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.chaos.fleet import Fleets, report


@pytest.mark.parametrize("world", ["blocking", "asyncio"])
def test_a_dead_socket_is_in_the_folder(world: str, fleets: Fleets) -> None:
    """F24: a killed server's socket file misleads nobody, and is removed."""
    with fleets("zmq+ipc", servers=1) as fleet:
        fleet.serve(1, world)
        fleet.kill(1)
        left = files(fleet.directory)
        asker = fleet.asker(world)
        none = asker.ask(timeout=1.0, may=("not_sent",))
        fleet.serve(1, world)
        found = asker.ask(timeout=2.0)
        kept = files(fleet.directory)
        fleet.verdict()
        empty = files(fleet.directory)
    assert none.took <= 1.5
    assert left
    assert not left & kept
    assert not empty
    report(
        f"F24 stale socket, zmq+ipc {world}",
        "not sent in 1 s, then found in 1 s, dead files removed",
        f"{none.took:.3f} s, {found.took:.3f} s, {len(left & kept)} of {len(left)} left",
    )


def files(directory: Path) -> set[str]:
    """What lies in the folder of sockets, but for what always does."""
    return {path.name for path in (directory / "s").iterdir() if not path.name.startswith(".")}
