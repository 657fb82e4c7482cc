"""Where servers of the tests are announced: one place for each matchmaker, all with the same face."""

from __future__ import annotations

import json
import os
from pathlib import Path

from tests.places import Place
from tests.ports import free_port


class Folder(Place):
    """zmq+ipc."""

    forgets = 1.0

    def __init__(self, directory: Path) -> None:
        self.client = f"zmq+ipc://{directory / 's'}"


class Hosts(Place):
    """zmq+tcp: up to three servers."""

    moves = False
    knows_names = False

    def __init__(self) -> None:
        self._free = [f"127.0.0.1:{free_port()}" for _ in range(3)]
        self._taken: dict[str, str] = {}
        self.client = f"zmq+tcp://{','.join(self._free)}"

    def server(self, name: str) -> str:
        host = self._taken.get(name) or self._free.pop()
        self._taken[name] = host
        return f"zmq+tcp://{host}"


class File(Place):
    """zmq+ring."""

    knows_names = False

    def __init__(self, directory: Path) -> None:
        self.path = directory / "ring.json"
        self.client = f"zmq+ring://{self.path}"
        self._hosts: dict[str, str] = {}
        self.write({})

    def server(self, name: str) -> str:
        self._hosts[name] = f"127.0.0.1:{free_port()}"
        self.write({"test/echo": list(self._hosts.values())})
        return f"{self.client}?bind={self._hosts[name]}"

    def write(self, content: object) -> None:
        """Replace the file."""
        fresh = self.path.with_suffix(".new")
        fresh.write_text(content if isinstance(content, str) else json.dumps(content))
        os.replace(fresh, self.path)


class Redis(Place):
    """zmq+redis, with a time to live that tests can wait for."""

    forgets = 2.0

    def __init__(self, url: str) -> None:
        self.client = f"{url}{'&' if '?' in url else '?'}ttl=2"
