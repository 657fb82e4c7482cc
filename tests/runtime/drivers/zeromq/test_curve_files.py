"""Key files: what they look like, and whom they must not be open to."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
import zmq
from rpcgen.runtime import ConfigurationError
from rpcgen.runtime.drivers import zeromq
from rpcgen.runtime.drivers.zeromq import keyfiles
from rpcgen.runtime.drivers.zeromq.curve import Peers, read_peers
from rpcgen.runtime.drivers.zeromq.keyfiles import read_public, read_secret, write_pair
from rpcgen.runtime.url import parse_url

PUBLIC, SECRET = zmq.curve_keypair()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the pair `a`."""
    os.chmod(tmp_path, 0o755)
    write_pair(str(tmp_path / "a"), SECRET, PUBLIC)
    return tmp_path


def test_a_pair_is_read_as_it_was_written(folder: Path) -> None:
    """The secret key knows its public one, and has no text."""
    secret = read_secret(f"{folder}/a.key")
    assert (secret.public,) == read_public(f"{folder}/a.pub")
    assert secret.reveal() == SECRET
    assert SECRET.decode() not in f"{secret} {secret!r}"
    assert keyfiles.decode(PUBLIC.decode()) == secret.public


@pytest.mark.parametrize("umask", [0o000, 0o077, 0o777])
def test_modes_do_not_depend_on_the_umask(tmp_path: Path, umask: int) -> None:
    """The secret key is its owner's alone, the public one is for all to read."""
    before = os.umask(umask)
    try:
        write_pair(str(tmp_path / "a"), SECRET, PUBLIC)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "a.key").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "a.pub").stat().st_mode) == 0o644


def test_half_a_pair_is_not_left(folder: Path) -> None:
    """If one of the files is there, neither is written, nor touched."""
    (folder / "a.key").unlink()
    before = (folder / "a.pub").read_text()
    with pytest.raises(FileExistsError):
        write_pair(str(folder / "a"), PUBLIC, SECRET)
    assert not (folder / "a.key").exists()
    assert (folder / "a.pub").read_text() == before


@pytest.mark.parametrize("name", ["\udcff", "a"])
def test_nothing_is_left_whatever_goes_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """A name that is no text, or an interrupt between the two files."""
    system_open = os.open

    def open_key(path: str, *arguments: int) -> int:
        if path.endswith("a.pub"):
            raise KeyboardInterrupt
        return system_open(path, *arguments)

    monkeypatch.setattr(os, "open", open_key)
    with pytest.raises((UnicodeEncodeError, KeyboardInterrupt)):
        write_pair(f"{tmp_path}/{name}", SECRET, PUBLIC)
    assert os.listdir(tmp_path) == []


def test_a_pair_does_not_follow_a_link(tmp_path: Path) -> None:
    """A link that waits at the place of the secret key leads nowhere."""
    (tmp_path / "a.key").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(FileExistsError):
        write_pair(str(tmp_path / "a"), SECRET, PUBLIC)
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o644])
def test_a_secret_key_that_others_can_use_is_refused(folder: Path, mode: int) -> None:
    """The message says what is wrong and how to mend it."""
    path = folder / "a.key"
    path.chmod(mode)
    with pytest.raises(ConfigurationError) as caught:
        read_secret(str(path))
    assert f"{path} has mode {mode:04o}, so that others can use this secret key" in str(
        caught.value
    )
    assert f"(chmod 600 {path})" in str(caught.value)


def test_a_public_key_in_the_place_of_a_secret_one_is_told_as_that(folder: Path) -> None:
    """That others may read it is in order; of a file with both, it is not."""
    path = folder / "a.pub"
    with pytest.raises(ConfigurationError) as caught:
        read_secret(str(path))
    assert str(caught.value) == f"{path}:2: a public key, expected a secret one"
    path.write_text(f"{path.read_text()}secret {SECRET.decode()}\n")
    with pytest.raises(ConfigurationError, match="has mode 0644, so that others can use this"):
        read_secret(str(path))


@pytest.mark.parametrize("name", ["a.pub", "."])
def test_a_list_that_others_can_change_is_refused(folder: Path, name: str) -> None:
    """Neither a file nor a directory of public keys may be writable by others."""
    os.chmod(folder / name, (folder / name).stat().st_mode & 0o777 | 0o020)
    with pytest.raises(ConfigurationError, match=r"others can change who is trusted.*chmod go-w"):
        read_peers(str(folder / name))


def test_nobody_is_told_to_close_the_folder_of_all(folder: Path) -> None:
    """Without /tmp as it is, a machine does not work."""
    os.chmod(folder, 0o1777)
    with pytest.raises(ConfigurationError) as caught:
        read_peers(str(folder))
    assert str(caught.value).endswith("is trusted; expected a directory of our own below it")


def test_keys_of_another_user_are_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only we, or root, may have made them."""
    os.chown(folder / "a.key", 12345, -1) if os.geteuid() == 0 else None
    if os.geteuid() != 0:
        monkeypatch.setattr(os, "geteuid", lambda: 12345)
    with pytest.raises(ConfigurationError, match=r"belongs to user \d+, expected root or"):
        read_secret(f"{folder}/a.key")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "has 0 secret keys, expected one"),
        ("# a comment\n\n", "has 0 secret keys, expected one"),
        ("secret {secret}\n" * 2, "has 2 secret keys, expected one"),
        ("public {public}", ":1: a public key, expected a secret one"),
        ("#\nsecret {tail}", ":2: expected 'secret' and a key of 40 characters"),
        ("secret {secret} {secret}", ":1: expected 'secret' and a key"),
        ("{secret}", ":1: expected 'secret' and a key"),
        (f"secret {'#' * 40}", ":1: expected 'secret' and a key"),
        ("secret {secret} x", ":1: expected 'secret' and a key"),
        ("secret x # {secret}", ":1: expected 'secret' and a key"),
        ("secret \u00e9", ":1: expected 'secret' and a key"),
        ("secret {head}\u00e9", ":1: expected 'secret' and a key"),
        ("#\u2028secret {secret}", "has 0 secret keys, expected one"),
        ("\ufeffsecret {secret}", ":1: expected 'secret' and a key"),
        ("# \udce9", "is no text"),
    ],
)
def test_what_is_no_key_is_refused_without_showing_it(
    folder: Path, text: str, message: str
) -> None:
    """A message names the line, for a line may hold a secret."""
    secret, public = SECRET.decode(), PUBLIC.decode()
    text = text.format(secret=secret, tail=secret[1:], head=secret[:-1], public=public)
    path = folder / "a.key"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(ConfigurationError) as caught:
        read_secret(str(path))
    assert message in str(caught.value)
    assert secret[1:] not in str(caught.value)


def test_all_mistakes_of_a_list_are_told_at_once(folder: Path) -> None:
    """Each with its line, and those of all files of a directory; of too many, that there are more."""
    good = f"public {PUBLIC.decode()}"
    for name, text in (
        ("b.pub", f"{good}\nnonsense\n\nsecret {SECRET.decode()}\npublic x\n"),
        ("c.pub", "nonsense\n" * 10),
    ):
        (folder / name).write_text(text)
        (folder / name).chmod(0o644)
    wrong = "expected 'public' and a key of 40 characters (Z85)"
    in_b = [
        f"{folder}/b.pub:2: {wrong}",
        f"{folder}/b.pub:4: a secret key, expected a public one",
        f"{folder}/b.pub:5: {wrong}",
    ]
    in_c = [f"{folder}/c.pub:{number}: {wrong}" for number in range(1, 9)]
    with pytest.raises(ConfigurationError) as caught:
        read_public(f"{folder}/b.pub")
    assert str(caught.value).split("; ") == in_b
    problems = [each.split("; ") for each in read_peers(str(folder)).problems]
    assert problems == [in_b, [*in_c, "and more"]]
    url = f"zmq+tcp://127.0.0.1:7001?curve_key={folder}/a.key&curve_peers={folder}"
    with pytest.raises(ConfigurationError) as caught:
        zeromq.connect(parse_url(url))
    assert str(caught.value).split("; ") == [*in_b, *in_c, "and more"]


def test_a_comment_may_stand_behind_a_key(folder: Path) -> None:
    """As in other lists of who may come."""
    (folder / "all.pub").write_text(
        f"public {PUBLIC.decode()} # host1, until M\u00e4rz\r\n", "utf-8"
    )
    (folder / "all.pub").chmod(0o644)
    assert read_public(f"{folder}/all.pub") == (keyfiles.decode(PUBLIC.decode()),)


def test_what_is_no_file_is_refused(folder: Path) -> None:
    """A missing file, a directory, a pipe and a file that is too large are said to be that."""
    os.mkfifo(folder / "pipe.pub")
    os.chmod(folder / "pipe.pub", 0o644)
    large = folder / "large.pub"
    large.write_text("#" * (1024 * 1024 + 1))
    large.chmod(0o644)
    for name, message in (
        ("none.pub", "cannot read the key file"),
        ("pipe.pub", "is no regular file"),
        ("large.pub", "has more than 1048576 bytes"),
    ):
        with pytest.raises(ConfigurationError, match=message):
            read_public(f"{folder}/{name}")
    with pytest.raises(ConfigurationError, match="is no regular file"):
        read_secret(str(folder))


def test_a_directory_is_read_by_name(folder: Path) -> None:
    """Each `.pub` file has the keys of one; other files are not looked at; one that is broken is told."""
    (folder / "notes.txt").write_text("nothing")
    (folder / "b.pub").write_text("nonsense")
    (folder / "b.pub").chmod(0o644)
    key = keyfiles.decode(PUBLIC.decode())
    problem = f"{folder}/b.pub:1: expected 'public' and a key of 40 characters (Z85)"
    assert read_peers(str(folder)) == Peers({"a": (key,)}, [problem])
    assert read_peers(str(folder / "a.pub")) == Peers({None: (key,)})


def test_a_directory_is_not_read_in_part_for_want_of_descriptors(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is wrong with a file that could not be opened just then; of a file that is, its owner alone is passed over."""
    (folder / "b.pub").symlink_to(folder / "b.pub")
    assert read_peers(str(folder)).problems == [
        f"cannot read the key file {folder}/b.pub: Too many levels of symbolic links"
    ]
    system_open = os.open

    def open_unless_b(path: str, *arguments: int) -> int:
        if path.endswith("/b.pub"):
            raise OSError(errno.EMFILE, "Too many open files")
        return system_open(path, *arguments)

    monkeypatch.setattr(os, "open", open_unless_b)
    with pytest.raises(ConfigurationError, match=f"the keys in {folder}: Too many open files"):
        read_peers(str(folder))


def test_a_list_may_have_thousands_of_keys(tmp_path: Path) -> None:
    """Public keys of many can stand in one file, with comments."""
    lines = [f"# client {number}\npublic {PUBLIC.decode()}\n" for number in range(5000)]
    (tmp_path / "all.pub").write_text("".join(lines))
    (tmp_path / "all.pub").chmod(0o644)
    assert len(read_public(f"{tmp_path}/all.pub")) == 5000


@pytest.mark.parametrize(
    "make",
    [
        lambda text: text + "x",
        lambda text: text[:-1],
        lambda text: text[:-1] + " ",
        lambda text: "#####" + text[5:],  # more than 32 bits
        lambda text: text[:-1] + "~",
    ],
)
def test_what_is_no_key_is_not_decoded(make: Callable[[str], str]) -> None:
    """Length, alphabet and range are checked."""
    with pytest.raises(ValueError, match="no key"):
        keyfiles.decode(make(PUBLIC.decode()))


def test_modes_do_not_matter_where_nothing_can_be_written(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a read-only file system, such as a mounted secret of a container, nobody can change a list."""
    os.chmod(folder, 0o1777)
    real = os.statvfs(folder)
    with pytest.raises(ConfigurationError, match="mode 1777"):
        read_peers(str(folder))
    values = list(real)
    values[8] |= os.ST_RDONLY
    monkeypatch.setattr(os, "statvfs", lambda path: os.statvfs_result(values))
    assert list(read_peers(str(folder)).keys) == ["a"]
