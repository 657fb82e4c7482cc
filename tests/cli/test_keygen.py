"""`rpcgen keygen`: pairs that servers and clients can use, and nothing overwritten."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from rpcgen.runtime.drivers.zeromq.keyfiles import read_public, read_secret

from tests.cli.command import rpcgen


def test_a_pair_is_made(tmp_path: Path) -> None:
    """Two files, one for its owner's eyes only; what is printed holds no key."""
    done = rpcgen("keygen", "shop-1", cwd=tmp_path)
    assert done.code == 0
    assert done.out == (
        "shop-1.key: secret, for shop-1 alone (curve_key)\n"
        "shop-1.pub: public, for those who talk to it (curve_peers)\n"
    )
    secret = read_secret(str(tmp_path / "shop-1.key"))
    assert read_public(str(tmp_path / "shop-1.pub")) == (secret.public,)
    assert stat.S_IMODE((tmp_path / "shop-1.key").stat().st_mode) == 0o600
    assert secret.reveal().decode() not in done.out + done.err


def test_pairs_differ(tmp_path: Path) -> None:
    """Every run makes another key."""
    for name in ("a", "b"):
        assert rpcgen("keygen", name, cwd=tmp_path).code == 0
    assert read_public(str(tmp_path / "a.pub")) != read_public(str(tmp_path / "b.pub"))


@pytest.mark.parametrize("suffix", ["key", "pub"])
def test_nothing_is_overwritten(tmp_path: Path, suffix: str) -> None:
    """A file that is there stays as it is, and the other is not written."""
    (tmp_path / f"a.{suffix}").write_text("precious")
    done = rpcgen("keygen", "a", cwd=tmp_path)
    assert (done.code, done.out) == (2, "")
    assert (
        done.err == f"rpcgen keygen: a.{suffix} is there already, and no key is ever overwritten\n"
    )
    assert [path.name for path in tmp_path.iterdir()] == [f"a.{suffix}"]
    assert (tmp_path / f"a.{suffix}").read_text() == "precious"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("none/a", "none/a.key cannot be written: no such file or directory"),
        ("", "'': expected DIR/NAME, to which .key and .pub are added"),
        ("none/", "none/: expected DIR/NAME, to which .key and .pub are added"),
        ("none/.", "none/.: expected DIR/NAME, to which .key and .pub are added"),
        ("a.key", "a.key: expected DIR/NAME, to which .key and .pub are added"),
        ("..", "..: expected DIR/NAME, to which .key and .pub are added"),
    ],
)
def test_what_cannot_be_written_is_told(tmp_path: Path, name: str, message: str) -> None:
    """One line, and exit code 2."""
    done = rpcgen("keygen", name, cwd=tmp_path)
    assert (done.code, done.err) == (2, f"rpcgen keygen: {message}\n")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["J\u00fcrgen", "\u5e97 1", "#", "secret x"])
def test_any_name_that_can_be_read_has_keys_that_can(tmp_path: Path, name: str) -> None:
    """It stands in a comment of both files."""
    done = rpcgen("keygen", name, cwd=tmp_path)
    assert (done.code, done.err) == (0, "")
    secret = read_secret(str(tmp_path / f"{name}.key"))
    assert read_public(str(tmp_path / f"{name}.pub")) == (secret.public,)
    assert f"# public key of {name}: for" in (tmp_path / f"{name}.pub").read_text("utf-8")


@pytest.mark.parametrize("name", ["a\nb", "a\rsecret x", "\x1b[2J", "a\u2028b", "a\x85b", "\udcff"])
def test_a_name_that_cannot_stand_in_a_comment_is_refused(tmp_path: Path, name: str) -> None:
    """It would end the comment, or is no text; nothing is written."""
    done = rpcgen("keygen", name, cwd=tmp_path)
    assert (done.code, done.out) == (2, "")
    assert done.err == (
        f"rpcgen keygen: {name!a}: expected a name of printable characters, which stands in both files\n"
    )
    assert not list(tmp_path.iterdir())


def test_a_folder_may_have_any_name(tmp_path: Path) -> None:
    """Nothing but its path tells it."""
    folder = tmp_path / "\udcff"
    folder.mkdir()
    done = rpcgen("keygen", f"{folder}/a", cwd=tmp_path)
    assert (done.code, done.err) == (0, "")
    assert read_public(f"{folder}/a.pub") == (read_secret(f"{folder}/a.key").public,)
