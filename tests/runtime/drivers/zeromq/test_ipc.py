"""The directory of sockets: whom it trusts, what it believes, what it leaves behind."""

from __future__ import annotations

import json
import logging
import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from rpcgen.runtime import BadUrl, ConfigurationError, NotSent
from rpcgen.runtime.drivers import zeromq
from rpcgen.runtime.drivers.zeromq.records import LOOKED, clean
from rpcgen.runtime.url import parse_url

from tests.runtime.drivers.zeromq.parts import (
    TOPIC,
    BlockingSide,
    Client,
    ServerProcess,
    call,
    eventually,
    refusal,
)

Launch = Callable[..., ServerProcess]
NAME = "0123456789ab"


@pytest.fixture
def client(ipc: str) -> Iterator[Client]:
    made = BlockingSide(ipc)
    yield made
    made.close()


def listen(url: str) -> None:
    zeromq.listen(parse_url(url), [TOPIC], "s1").close()


def files(directory: Path) -> list[str]:
    return sorted(path.suffix for path in directory.iterdir())


def plant(directory: Path, content: bytes | None = None, **fields: Any) -> Path:
    """Write a record like a server's, with some fields changed."""
    directory.mkdir(mode=0o700, exist_ok=True)
    record = {
        "socket": f"{NAME}.sock",
        "server": "planted",
        "pid": 1,
        "serves": [["test", "echo"]],
    }
    path = directory / f"{NAME}.json"
    path.write_bytes(json.dumps(record | fields).encode() if content is None else content)
    path.chmod(0o600)
    return path


def test_a_server_makes_the_directory_private(ipc: str, directory: Path) -> None:
    """The directory is created with mode 0700, and is empty again when the server has closed."""
    listener = zeromq.listen(parse_url(ipc), [TOPIC], "s1")
    assert directory.stat().st_mode & 0o777 == 0o700
    assert files(directory) == [".json", ".off", ".sock"]
    assert {path.stat().st_mode & 0o777 for path in directory.iterdir()} == {0o600}
    listener.close()
    assert files(directory) == []


def test_a_record_says_who_serves_what(ipc: str, directory: Path) -> None:
    """A person can read it."""
    listener = zeromq.listen(parse_url(ipc), [TOPIC], "s1")
    record = json.loads(next(directory.glob("*.json")).read_bytes())
    listener.close()
    assert record.pop("socket").endswith(".sock")
    assert record == {"server": "s1", "pid": os.getpid(), "serves": [["test", "echo"]]}


@pytest.mark.parametrize("mode", [0o710, 0o701, 0o770, 0o777])
def test_a_directory_open_to_others_is_refused(ipc: str, directory: Path, mode: int) -> None:
    """Neither side uses a directory that others can reach."""
    directory.mkdir()
    directory.chmod(mode)
    for use in (listen, BlockingSide):
        with pytest.raises(ConfigurationError, match=f"mode {mode:04o}"):
            use(ipc)


def test_nobody_is_told_to_close_the_directory_of_all(ipc: str, directory: Path) -> None:
    """Without /tmp as it is, a machine does not work."""
    directory.mkdir()
    directory.chmod(0o1777)
    for use in (listen, BlockingSide):
        with pytest.raises(
            ConfigurationError, match="expected a folder of our own below"
        ) as caught:
            use(ipc)
        assert "chmod" not in str(caught.value)


def test_a_directory_that_is_opened_later_is_refused(
    client: Client, directory: Path, launch: Launch, ipc: str
) -> None:
    """The check is repeated whenever servers are looked for."""
    launch(ipc)
    directory.chmod(0o755)
    with pytest.raises(ConfigurationError, match="mode 0755"):
        client.route(TOPIC)


def test_a_symbolic_link_is_refused(ipc: str, directory: Path) -> None:
    """A link could be turned elsewhere after the check; a trailing slash does not hide it."""
    real = directory.parent / "real"
    real.mkdir(mode=0o700)
    directory.symlink_to(real)
    for url in (ipc, f"{ipc}/"):
        with pytest.raises(ConfigurationError, match="symbolic link"):
            listen(url)


def test_a_file_is_refused(ipc: str, directory: Path) -> None:
    """The path must be a directory."""
    directory.touch(mode=0o700)
    with pytest.raises(ConfigurationError):
        listen(ipc)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a directory away")
def test_the_directory_of_another_user_is_refused(ipc: str, directory: Path) -> None:
    """Whoever owns it could put any socket there."""
    directory.mkdir(mode=0o700)
    os.chown(directory, 12345, -1)
    with pytest.raises(ConfigurationError, match="belongs to user 12345"):
        listen(ipc)


def test_a_path_too_long_for_a_socket_is_refused(directory: Path) -> None:
    """The error names the path, its length and the limit; the longest possible path works."""
    fill = 107 - len(str(directory)) - len("/") - len(f"/{NAME}.sock")
    longest = directory / ("x" * fill)
    listen(f"zmq+ipc://{longest}")
    with pytest.raises(BadUrl, match="108 bytes, and a Unix socket's has at most 107") as caught:
        listen(f"zmq+ipc://{longest}y")
    assert f"{longest}y" in str(caught.value)


def test_a_path_that_is_no_utf_8_is_refused(ipc: str, directory: Path) -> None:
    """A program's arguments may have such a one, and ZeroMQ takes none."""
    for use in (listen, BlockingSide):
        with pytest.raises(BadUrl, match=r"/\\udcff' is no UTF-8"):
            use(f"{ipc}/\udcff")
    assert not directory.exists()


@pytest.mark.parametrize("url", ["zmq+ipc://run/x", "zmq+ipc://", "zmq+ipc:///"])
def test_a_url_without_a_directory_is_refused(url: str) -> None:
    """Two slashes where three are meant is the usual mistake."""
    with pytest.raises(BadUrl):
        zeromq.connect(parse_url(url))


def test_a_killed_servers_files_are_removed_by_a_client(
    client: Client, directory: Path, ipc: str, launch: Launch
) -> None:
    """The client that was connected removes them."""
    server = launch(ipc)
    call(client, TOPIC, b"hello")
    server.kill()
    client.arrivals(bool)
    eventually(lambda: files(directory) == [])
    assert "nobody is there" in refusal(client, TOPIC)[0]


def test_a_killed_servers_files_are_removed_by_a_new_client(
    client: Client, directory: Path, ipc: str, launch: Launch
) -> None:
    """A client that finds a dead socket says that nobody is there, at once, and removes it."""
    took: list[float] = []
    for _ in range(3):
        launch(ipc).kill()
        assert files(directory) == [".json", ".off", ".sock"]
        message, seconds = refusal(client, TOPIC)
        assert "nobody is there" in message
        assert files(directory) == []
        took.append(seconds)
    assert min(took) < 0.1


def test_a_killed_servers_files_are_removed_by_a_new_server(
    directory: Path, ipc: str, launch: Launch
) -> None:
    """A server that starts cleans up, old sockets without a record included, and touches nothing else."""
    launch(ipc).kill()
    orphan = directory / f"{NAME}.sock"
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(orphan))
    os.utime(orphan, (1, 1))
    (directory / "notes.txt").touch()
    living = launch(ipc, "s2")
    assert files(directory) == [".json", ".off", ".sock", ".txt"]
    living.kill()


def test_a_large_directory_is_cleaned_by_many_servers(directory: Path) -> None:
    """Each that starts looks at a part of it: what has died goes in the end, and not all of the living are knocked at."""
    directory.mkdir(mode=0o700)
    for number in range(3 * LOOKED):
        plant(directory).rename(directory / f"{number:012x}.json")
        with socket.socket(socket.AF_UNIX) as dead:
            dead.bind(str(directory / f"{number:012x}.sock"))
    with socket.socket(socket.AF_UNIX) as living:
        living.bind(str(directory / f"{NAME}.sock"))
        living.listen()
        plant(directory)
        clean(str(directory))
        assert 2 * LOOKED < len(files(directory)) // 2 <= 2 * LOOKED + 2
        for _ in range(3):
            clean(str(directory))
    assert files(directory) == [".json", ".sock"]


def test_a_living_server_is_never_cleaned_away(
    client: Client, directory: Path, ipc: str, launch: Launch
) -> None:
    """A server that is merely stopped keeps its files."""
    server = launch(ipc)
    server.pause()
    listen(ipc)
    with pytest.raises(NotSent):
        client.route(TOPIC, 0.1)
    assert files(directory) == [".json", ".off", ".sock"]


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"socket": "../evil.sock"}, "another server's socket"),
        ({"socket": "/tmp/evil.sock"}, "another server's socket"),
        ({"server": "a*b"}, "not allowed"),
        ({"server": "x\nINFO forged"}, "not allowed"),
        ({"serves": [["test", "#"]]}, "not allowed"),
        ({"serves": [["test"]]}, "no registration"),
        ({"serves": [["test", "echo"]] * 5000}, "more than 4096 topics"),
        ({"serves": None}, "no registration"),
        ({"pid": "one"}, "no registration"),
        ({"content": b""}, "no registration"),
        ({"content": b"\xff\xfe"}, "no registration"),
        ({"content": b"[" * 100_000}, "no registration"),
        ({"content": b" " * 300_000}, "larger than"),
    ],
)
def test_a_broken_record_is_ignored_with_one_line(
    client: Client,
    directory: Path,
    fields: dict[str, Any],
    reason: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """It is not believed, whatever it says, and the log says why once, in one line."""
    plant(directory, **fields)
    with caplog.at_level(logging.WARNING, "rpcgen"):
        for _ in range(3):
            assert "nobody is there" in refusal(client, TOPIC)[0]
    [record] = caplog.records
    assert reason in record.getMessage()
    assert "\n" not in record.getMessage()


def test_a_record_that_others_can_write_is_ignored(
    client: Client, directory: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Even in a private directory: somebody put it there with care."""
    plant(directory).chmod(0o666)
    assert "nobody is there" in refusal(client, TOPIC)[0]
    assert "can be written by others" in caplog.text


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_record_of_another_user_is_ignored(
    client: Client, directory: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Even in a directory of our own: a server of ours would have written it as us."""
    os.chown(plant(directory), 12345, -1)
    for _ in range(3):
        assert "nobody is there" in refusal(client, TOPIC)[0]
    [record] = caplog.records
    assert record.getMessage().endswith(f"{NAME}.json in {directory}: belongs to user 12345")


def test_a_record_that_is_no_file_is_ignored(client: Client, directory: Path) -> None:
    """Links, directories and pipes are not opened, or not read."""
    directory.mkdir(mode=0o700)
    (directory / f"{NAME}.json").symlink_to("/etc/passwd")
    (directory / "0123456789ac.json").mkdir()
    os.mkfifo(directory / "0123456789ad.json", 0o600)
    refusals = [refusal(client, TOPIC) for _ in range(3)]
    assert all("nobody is there" in message for message, _ in refusals)
    assert min(seconds for _, seconds in refusals) < 0.1


def test_a_record_without_a_server_is_removed(
    connect: Callable[[str], Client], ipc: str, directory: Path
) -> None:
    """A record whose socket is not there leads nowhere."""
    took: list[float] = []
    for _ in range(3):
        plant(directory)
        took.append(refusal(connect(ipc), TOPIC)[1])
        assert files(directory) == []
    assert min(took) < 0.1


def test_a_new_server_is_noticed_by_the_next_calls(
    client: Client, ipc: str, launch: Launch
) -> None:
    """A client of a topic connects to servers that come later."""
    launch(ipc, "s1")
    call(client, TOPIC, b"hello")
    launch(ipc, "s2")
    names = {"s1"}

    def both() -> bool:
        names.add(call(client, TOPIC, b"hello"))
        return len(names) == 2

    eventually(both, 1.0)
