"""What only the driver of the page has: its folder, and connections that come at a bad moment."""

from __future__ import annotations

import importlib
import resource
import socket
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from rpcgen.runtime import ConfigurationError, NotSent, Target
from rpcgen.runtime.url import parse_url

from tests.conformance.waiting import eventually

CARRIER = Path(__file__).parents[2] / "docs/how-to/carrier"
TARGET = Target("shop", "stock")


@pytest.fixture
def carrier(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(CARRIER)
    return importlib.import_module("carrier")


@pytest.fixture
def folder() -> Iterator[Path]:
    """One with a short path, as sockets need."""
    with tempfile.TemporaryDirectory() as directory:
        yield Path(directory)


@pytest.fixture
def url(folder: Path) -> str:
    return f"carrier://{folder}/s"


@pytest.fixture
def client(carrier: ModuleType, url: str) -> Iterator[Any]:
    made = carrier.connect(parse_url(url))
    yield made
    made.close()


def test_a_folder_that_others_made_meanwhile_is_refused(
    carrier: ModuleType, client: Any, url: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was not there when the client was made, and whoever made it could be anybody."""
    (folder / "s").mkdir()
    (folder / "s").chmod(0o777)
    with pytest.raises(NotSent, match="can be reached by others"):
        client.route(TARGET, 1.0)
    monkeypatch.setattr(
        importlib.import_module("carrier.server"), "folder_of", lambda url: url.path
    )
    with pytest.raises(ConfigurationError, match="can be reached by others"):
        carrier.listen(parse_url(url), [TARGET], "s1")


def test_a_server_that_had_no_descriptor_takes_connections_later(
    carrier: ModuleType, client: Any, url: str
) -> None:
    """It goes on to accept as soon as it has one."""
    listener = carrier.listen(parse_url(url), [TARGET], "s1")
    accepting, before = listener._post._thread, resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        connection = socket.socket(socket.AF_UNIX)
        resource.setrlimit(resource.RLIMIT_NOFILE, (connection.fileno() + 1, before[1]))
        connection.connect(listener.addresses[0])
        threading.Event().wait(0.2)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
    assert accepting.is_alive()
    connection.close()
    assert client.route(TARGET, 5.0).name == "s1"
    listener.close()
    eventually(lambda: not accepting.is_alive(), 5.0)


def test_a_client_that_is_closed_while_it_connects_ends(
    carrier: ModuleType, client: Any, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By another thread, which waits for no thread that does not run yet."""
    listener = carrier.listen(parse_url(url), [TARGET], "s1")
    line = importlib.import_module("carrier.line").Line
    starting, start = threading.Event(), line.start

    def slow(each: Any) -> None:
        starting.set()
        threading.Event().wait(0.2)
        start(each)

    monkeypatch.setattr(line, "start", slow)
    looking = threading.Thread(target=lambda: client.look(1.0))
    looking.start()
    assert starting.wait(5.0)
    client.close()
    looking.join(5.0)
    assert not looking.is_alive()
    listener.close()


def test_a_connection_that_ended_before_it_began_is_told(carrier: ModuleType) -> None:
    """Whichever of its threads runs first."""
    ours, theirs = socket.socketpair()
    theirs.close()
    ended = threading.Event()
    line = importlib.import_module("carrier.line").Line(
        ours, 100, lambda *arrived: None, lambda line, labels: ended.set()
    )
    start = line._writer.start

    def slow() -> None:
        threading.Event().wait(0.2)
        start()

    line._writer.start = slow
    line.start()
    assert ended.wait(5.0)


def test_a_connection_that_broke_is_made_again(carrier: ModuleType, client: Any, url: str) -> None:
    """Although another server could have all requests, and the folder has not changed."""
    listeners = [carrier.listen(parse_url(url), [TARGET], name) for name in ("s1", "s2")]

    def connected() -> dict[str, Any]:
        if client.peer(TARGET) is None:
            client.route(TARGET, 1.0)
        return {each.name: each for each in client.stations()}

    eventually(lambda: connected().keys() == {"s1", "s2"}, 5.0)
    threading.Event().wait(0.2)  # the folder is not new any more
    broken = connected()["s1"]
    (line,) = listeners[0]._post._lines
    line._shut()
    eventually(lambda: connected().get("s1", broken) is not broken, 5.0)
    for listener in listeners:
        listener.close()
