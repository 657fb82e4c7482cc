"""Whose an outbox is, and what is not one."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Any

import pytest
from rpcgen.runtime import ConfigurationError
from rpcgen.runtime.outbox.folder import FILE

from tests.runtime.outbox.parts import ask, waiting


def modes(folder: Path) -> dict[str, str]:
    """Of the folder and all in it."""
    return {each.name: f"{stat.S_IMODE(each.stat().st_mode):04o}" for each in folder.iterdir()} | {
        ".": f"{stat.S_IMODE(folder.stat().st_mode):04o}"
    }


def test_nobody_else_reads_what_waits(keep: Any, nowhere: str, folder: Path) -> None:
    """R23: whatever the umask says."""
    before = os.umask(0)
    try:
        with keep.KeepClient(nowhere) as client:
            client.order(ticket="x")
            open_now = modes(folder)
    finally:
        os.umask(before)
    assert open_now.pop(".") == "0700"
    assert set(open_now.values()) == {"0600"}
    assert {FILE, "lock"} < set(open_now)


@pytest.mark.parametrize("mode", [0o750, 0o705, 0o722])
def test_a_folder_that_others_can_use_is_refused(
    mode: int, keep: Any, nowhere: str, folder: Path
) -> None:
    """R23: with what to do about it; nothing is written there."""
    folder.mkdir()
    folder.chmod(mode)
    with pytest.raises(ConfigurationError, match=rf"has mode {mode:04o}.*chmod 700 {folder}"):
        keep.KeepClient(nowhere)
    assert list(folder.iterdir()) == []


def test_a_file_that_others_can_read_is_refused(keep: Any, nowhere: str, folder: Path) -> None:
    """R23: it may have been copied there."""
    keep.KeepClient(nowhere).close()
    (folder / FILE).chmod(0o640)
    with pytest.raises(ConfigurationError, match=r"has mode 0640.*expected 0600"):
        keep.KeepClient(nowhere)


@pytest.mark.skipif(os.geteuid() != 0, reason="giving a folder away needs root")
def test_a_folder_of_somebody_else_is_refused(keep: Any, nowhere: str, folder: Path) -> None:
    """R23: who owns it can read it."""
    folder.mkdir(mode=0o700)
    os.chown(folder, 65534, -1)
    with pytest.raises(ConfigurationError, match="belongs to user 65534"):
        keep.KeepClient(nowhere)


def test_a_link_is_not_followed(keep: Any, nowhere: str, folder: Path, tmp_path: Path) -> None:
    """R23: it may lead to a file that is not ours to write."""
    folder.mkdir(mode=0o700)
    precious = tmp_path / "precious"
    precious.write_text("precious")
    (folder / FILE).symlink_to(precious)
    with pytest.raises(ConfigurationError, match="is a symbolic link"):
        keep.KeepClient(nowhere)
    assert precious.read_text() == "precious"


def test_a_path_that_cannot_be_a_folder_is_refused(keep: Any, nowhere: str, folder: Path) -> None:
    """A file, or below what is not there."""
    folder.write_text("")
    with pytest.raises(ConfigurationError, match="is no folder"):
        keep.KeepClient(nowhere)
    with pytest.raises(ConfigurationError, match="No such file or directory"):
        keep.KeepClient(f"amqp://127.0.0.1/?outbox={folder.parent}/none/outbox")


def test_a_file_that_is_no_outbox_is_left_alone(keep: Any, nowhere: str, folder: Path) -> None:
    """Garbage, a damaged head, the layout of a newer version: an error that names it, and it stays as it is."""
    with keep.KeepClient(nowhere) as client:
        client.order(ticket="x")
    good = (folder / FILE).read_bytes()
    for bad in (b"garbage" * 1000, b"\xff" * 200 + good[200:]):
        (folder / FILE).write_bytes(bad)
        with pytest.raises(ConfigurationError, match=r"cannot be used as an outbox.*\.recover"):
            keep.KeepClient(nowhere)
        assert (folder / FILE).read_bytes() == bad
    (folder / FILE).write_bytes(good)
    ask(folder, "PRAGMA user_version=7")
    with pytest.raises(ConfigurationError, match="has layout 7, expected 1"):
        keep.KeepClient(nowhere)
    ask(folder, "PRAGMA user_version=1")
    keep.KeepClient(nowhere).close()


@pytest.mark.parametrize("cut", [1, 100, 5000])
def test_a_torn_end_costs_what_was_being_written(
    cut: int, keep: Any, nowhere: str, folder: Path, tmp_path: Path
) -> None:
    """F33: what was committed before it is there. (A copy of the files, as after a loss of power.)"""
    with keep.KeepClient(nowhere) as client:
        ids = [client.order(ticket=f"t{number}").id.hex() for number in range(30)]
        crashed = tmp_path / "crashed"
        crashed.mkdir(mode=0o700)
        for name in (FILE, f"{FILE}-wal"):
            (crashed / name).write_bytes((folder / name).read_bytes())
            (crashed / name).chmod(0o600)
    log = crashed / f"{FILE}-wal"
    whole = log.read_bytes()
    log.write_bytes(whole[:-cut] + bytes(cut))
    url = nowhere.replace(str(folder), str(crashed))
    with keep.KeepClient(url) as client:
        found = waiting(crashed)
        new = client.order(ticket="new").id.hex()
    assert found == ids[: len(found)]
    assert len(found) >= 28
    assert waiting(crashed) == [*found, new]
