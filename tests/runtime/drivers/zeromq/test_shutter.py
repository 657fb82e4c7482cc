"""Another socket in the place of a server's own, and back."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from rpcgen.runtime.drivers.zeromq import records
from rpcgen.runtime.drivers.zeromq.shutter import Shutter

NAME = "0123456789ab"


@pytest.fixture
def path(directory: Path) -> str:
    directory.mkdir()
    return str(directory / f"{NAME}.sock")


@pytest.fixture
def server(path: str) -> Iterator[socket.socket]:
    with listening(path) as made:
        yield made


@pytest.fixture
def shutter(path: str, server: socket.socket) -> Iterator[Shutter]:
    made = Shutter(path)
    yield made
    made.close()


def listening(path: str) -> socket.socket:
    made = socket.socket(socket.AF_UNIX)
    made.bind(path)
    made.listen()
    made.setblocking(False)
    return made


def reaches(path: str, server: socket.socket) -> bool:
    """Whether who connects to a path reaches this server."""
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(path)
        try:
            server.accept()[0].close()
        except BlockingIOError:
            return False
    return True


def files(path: str) -> set[str]:
    return set(os.listdir(os.path.dirname(path)))


def test_clients_reach_the_other_socket_while_it_is_down(
    path: str, server: socket.socket, shutter: Shutter
) -> None:
    """As often as it is lowered and lifted."""
    for _ in range(3):
        shutter.lower()
        shutter.lower()
        assert not reaches(path, server)
        shutter.lift()
        shutter.lift()
        assert reaches(path, server)
    shutter.close()
    assert files(path) == {f"{NAME}.sock"}


def test_it_takes_no_descriptor(path: str, server: socket.socket, shutter: Shutter) -> None:
    """To lower and lift it is possible when none is left."""
    before = os.listdir("/proc/self/fd")
    shutter.lower()
    assert os.listdir("/proc/self/fd") == before
    shutter.lift()


def test_what_was_put_in_the_place_meanwhile_stays(
    path: str, server: socket.socket, shutter: Shutter
) -> None:
    """A server whose key has changed listens anew; that socket is put aside as well."""
    shutter.lower()
    os.unlink(path)
    with listening(path) as other:
        shutter.lift()
        assert reaches(path, other)
        shutter.lower()
        os.unlink(path)
        with listening(path) as third:
            shutter.lower()
            assert not reaches(path, third)
            shutter.lift()
            assert reaches(path, third)


def test_what_could_not_be_put_there_can_be_later(
    path: str, server: socket.socket, shutter: Shutter
) -> None:
    """The path leads where it did; what a failed attempt left is in nobody's way."""
    os.rename(path, f"{path}.away")
    with pytest.raises(OSError, match="No such file"):
        shutter.lower()
    os.rename(f"{path}.away", path)
    Path(path).with_name(f".{NAME}.down").touch()
    Path(path).with_name(f".{NAME}.on").touch()
    shutter.lower()
    assert not reaches(path, server)
    shutter.lift()
    assert reaches(path, server)


def test_a_server_that_closes_leaves_nothing(
    path: str, server: socket.socket, shutter: Shutter
) -> None:
    """Also while it is down; and what a killed server left is removed with its other files."""
    shutter.lower()
    os.unlink(path)
    shutter.close()
    assert files(path) == set()
    other = Shutter(path)
    try:
        assert records.clean_if_dead(os.path.dirname(path), NAME)
        assert files(path) == set()
    finally:
        other.close()
