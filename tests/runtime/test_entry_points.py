"""Drivers and matchmakers of other distributions."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from rpcgen.runtime import BadUrl, ConfigurationError, Server

from tests.conformance.lab import Bench, endpoint

CARRIER = "from rpcgen.runtime.drivers.memory import *\n"

PHONEBOOK = """
from pathlib import Path

from rpcgen.runtime.drivers.zeromq.matchmakers import Endpoint
from rpcgen.runtime.drivers.zeromq.options import ZmqOptions


class Options(ZmqOptions, frozen=True):
    title: str = "white pages"


class Phonebook:
    def __init__(self, book):
        self._book = book
        self.where = f"the book {book}"

    def changed(self):
        return True

    def settled(self, since):
        return True

    def look(self):
        lines = self._book.read_text().splitlines() if self._book.exists() else []
        return [Endpoint(line, line) for line in lines]

    def found(self, endpoint):
        pass

    def lost(self, endpoint):
        return False

    def close(self):
        pass


class Entry:
    address = "tcp://127.0.0.1:0"

    def __init__(self, book):
        self._book = book

    def announce(self, bound):
        self._book.write_text(f"{bound}\\n")

    def announced(self):
        return True

    def withdraw(self):
        self._book.write_text("")

    close = withdraw


def _book(url, options):
    return Path(url.path) / options.title


def matchmaker(url, options):
    return Phonebook(_book(url, options))


def registration(url, options, server, serves):
    return Entry(_book(url, options))
"""

ENTRY_POINTS = """
[rpcgen.drivers]
carrier = toy_carrier
half = toy_phonebook
absent = toy_absent

[rpcgen.matchmakers]
phonebook = toy_phonebook
tcp = toy_phonebook
half = toy_carrier
absent = toy_phonebook:absent
bare = toy_bare
broken = toy_broken
"""

BARE = """
from msgspec import Struct
from toy_phonebook import matchmaker, registration


class Options(Struct, frozen=True):
    title: str = "white pages"
"""


@pytest.fixture(autouse=True)
def toys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A distribution as it is after its installation."""
    (tmp_path / "toy_carrier.py").write_text(CARRIER)
    (tmp_path / "toy_phonebook.py").write_text(PHONEBOOK)
    (tmp_path / "toy_bare.py").write_text(BARE)
    (tmp_path / "toy_broken.py").write_text("def matchmaker(:\n")
    about = tmp_path / "toys-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: toys\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text(ENTRY_POINTS)
    monkeypatch.syspath_prepend(tmp_path)
    yield
    for name in ("toy_carrier", "toy_phonebook", "toy_bare"):
        sys.modules.pop(name, None)


def test_a_matchmaker_is_found_by_its_entry_point(lab: ModuleType, tmp_path: Path) -> None:
    """Servers and clients find each other by it, and it has options of its own."""
    url = f"zmq+phonebook://{tmp_path}?title=yellow&connect_timeout=5"
    with (
        Server(url, server="s1", endpoints=[endpoint(lab, Bench(), "s1")]),
        lab.LabClient(url) as client,
    ):
        assert client.report().server == "s1"
        assert (tmp_path / "yellow").read_text().startswith("tcp://127.0.0.1:")
    assert (tmp_path / "yellow").read_text() == ""


def test_rpcgens_own_come_first(lab: ModuleType) -> None:
    """Nobody can put another matchmaker in the place of one that people know."""
    with pytest.raises(BadUrl, match=r"expected zmq\+tcp://host:port"):
        lab.LabClient("zmq+tcp:///book")
    assert "toy_phonebook" not in sys.modules


def test_what_is_installed_is_told(lab: ModuleType, tmp_path: Path) -> None:
    """A mistyped name, and a mistyped option of theirs."""
    with pytest.raises(BadUrl, match=r"did you mean 'zmq\+phonebook'"):
        lab.LabClient(f"zmq+phonebok://{tmp_path}")
    with pytest.raises(BadUrl, match=r"known: .*title"):
        lab.LabClient(f"zmq+phonebook://{tmp_path}?zzzz=x")


def test_a_driver_is_found_by_its_entry_point(lab: ModuleType) -> None:
    """A whole transport of another distribution."""
    with (
        Server("carrier://x", server="s1", endpoints=[endpoint(lab, Bench(), "s1")]),
        lab.LabClient("carrier://x") as client,
    ):
        assert client.report().server == "s1"
    with pytest.raises(BadUrl, match="did you mean 'carrier'"):
        lab.LabClient("carier://x")


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("half://x", "'toy_phonebook', .* has no connect, listen, connect_async"),
        ("absent://x", "'toy_absent', .* 'rpcgen.drivers', cannot be imported: No module"),
        ("zmq+half:///x", "'toy_carrier', .* has no .*registration; expected Options"),
        ("zmq+absent:///x", "'toy_phonebook:absent', .* cannot be imported: .* no attribute"),
        ("zmq+broken:///x", "'toy_broken', .* cannot be imported: invalid syntax"),
        ("zmq+bare:///x", "Options of matchmaker 'bare' are no subclass of ZmqOptions"),
    ],
)
def test_what_others_lack_is_told(lab: ModuleType, url: str, said: str) -> None:
    """By clients where they are made, and by servers when they start."""
    with pytest.raises(ConfigurationError, match=said):
        lab.LabClient(url)
    with pytest.raises(ConfigurationError, match=said):
        Server(url, server="s1", endpoints=[endpoint(lab, Bench(), "s1")]).start()
