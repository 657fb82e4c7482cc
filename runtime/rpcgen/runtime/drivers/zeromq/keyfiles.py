"""Key files: a secret key that only its owner reads, public keys that only their owner changes.

A file is text in UTF-8: lines `secret KEY` or `public KEY`, comments behind `#`, empty lines. KEY is 40 characters of
Z85 (ZeroMQ RFC 32). Nothing here ever puts a key into a message. Knows nothing of who may talk to whom.
"""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Generator
from typing import Final, Literal

import zmq
from rpcgen.runtime.drivers.zeromq.mistakes import Mistakes
from rpcgen.runtime.errors import ConfigurationError

Kind = Literal["secret", "public"]

#: A public key, decoded.
PublicKey = bytes

#: The largest key file, in bytes: a list of 10,000 public keys has 480,000.
_LARGEST: Final = 1024 * 1024

_ALPHABET: Final = (
    "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#"
)
_DIGITS: Final = {character: value for value, character in enumerate(_ALPHABET)}
_LENGTH: Final = 40


class Secret:
    """A secret key. It has no text form: whoever needs the bytes calls `reveal`."""

    __slots__ = ("_key", "public")

    def __init__(self, text: str) -> None:
        key = text.encode()
        self.public: PublicKey = decode(zmq.curve_public(key).decode())
        self._key = key

    def __repr__(self) -> str:
        return "<Secret>"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._key == self._key

    def __hash__(self) -> int:
        return hash(self.public)

    def reveal(self) -> bytes:
        """The key as ZeroMQ wants it."""
        return self._key


def decode(text: str) -> bytes:
    """The 32 bytes of a key; ValueError if it is none."""
    if len(text) != _LENGTH or not _DIGITS.keys() >= set(text):
        raise ValueError("no key")
    found = b""
    for start in range(0, _LENGTH, 5):
        value = 0
        for character in text[start : start + 5]:
            value = value * 85 + _DIGITS[character]
        if value >= 2**32:
            raise ValueError("no key")
        found += value.to_bytes(4, "big")
    return found


def read_secret(path: str) -> Secret:
    """The secret key in a file that nobody else can read.

    Raises:
        ConfigurationError: it is no such file.
    """
    with _opened(path) as fd:
        _check_owner(path, os.fstat(fd))
        mode = stat.S_IMODE(os.fstat(fd).st_mode)
        lines = _lines(path, fd)
        # A file of public keys may be read by all: it is the wrong one.
        if mode & 0o077 and _kinds(lines) != {"public"}:
            raise ConfigurationError(
                f"{path} has mode {mode:04o}, so that others can use this secret key; expected 0600 "
                f"(chmod 600 {path})"
            )
        keys = _keys(path, lines, "secret")
    if len(keys) != 1:
        raise ConfigurationError(f"{path} has {len(keys)} secret keys, expected one")
    return Secret(keys[0])


def read_public(path: str) -> tuple[PublicKey, ...]:
    """The public keys in a file that nobody else can change.

    Raises:
        ConfigurationError: it is no such file, or has none.
    """
    with _opened(path) as fd:
        check_unchangeable(path, os.fstat(fd))
        keys = _keys(path, _lines(path, fd), "public")
    if not keys:
        raise ConfigurationError(f"{path} has no public key")
    return tuple(map(decode, keys))


def check_unchangeable(path: str, status: os.stat_result) -> None:
    """Raise ConfigurationError unless only we, or root, can change the file or directory."""
    _check_owner(path, status)
    mode = stat.S_IMODE(status.st_mode)
    if mode & 0o022 and not os.statvfs(path).f_flag & os.ST_RDONLY:
        expected = f"{mode & ~0o022:04o} (chmod go-w {path})"
        if mode & stat.S_ISVTX:  # such as /tmp, which nobody may close to the others
            expected = "a directory of our own below it"
        raise ConfigurationError(
            f"{path} has mode {mode:04o}, so that others can change who is trusted; expected {expected}"
        )


def write_pair(stem: str, secret: bytes, public: bytes) -> None:
    """Write STEM.key and STEM.pub; neither may be there. Whatever is raised, neither was written.

    Raises:
        OSError: one is there, or cannot be written.
        UnicodeEncodeError: the name is no text.
    """
    name = os.path.basename(stem)
    files = (
        (f"{stem}.key", 0o600, f"# secret key of {name}: for {name} alone\nsecret "),
        (f"{stem}.pub", 0o644, f"# public key of {name}: for those who talk to {name}\npublic "),
    )
    written: list[str] = []
    try:
        for (path, mode, text), key in zip(files, (secret, public), strict=True):
            fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
            written.append(path)
            with open(fd, "wb") as file:
                os.fchmod(fd, mode)  # whatever the umask says
                file.write(text.encode() + key + b"\n")
    except BaseException:
        for path in written:
            with contextlib.suppress(OSError):
                os.unlink(path)
        raise


# --- one file -----------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def _opened(path: str) -> Generator[int, None, None]:
    """A descriptor of a regular file; operating system errors become ConfigurationError."""
    fd = -1
    try:
        # Not to wait for a writer, should it be a pipe.
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            raise ConfigurationError(f"{path} is no regular file, expected a key file")
        yield fd
    except OSError as error:
        raise ConfigurationError(f"cannot read the key file {path}: {error.strerror}") from error
    finally:
        if fd >= 0:
            os.close(fd)


def _check_owner(path: str, status: os.stat_result) -> None:
    if status.st_uid not in (0, os.geteuid()):
        raise ConfigurationError(
            f"{path} belongs to user {status.st_uid}, expected root or {os.geteuid()}, as whom we run"
        )


def _lines(path: str, fd: int) -> list[str]:
    data = os.read(fd, _LARGEST + 1)
    if len(data) > _LARGEST:
        raise ConfigurationError(f"{path} has more than {_LARGEST} bytes")
    try:
        # Split as bytes: text has other ends of lines, too, behind which a comment would not go on.
        return [line.decode() for line in data.splitlines()]
    except UnicodeDecodeError:
        raise ConfigurationError(f"{path} is no text, expected a file of rpcgen keygen") from None


def _kinds(lines: list[str]) -> set[str]:
    """What the lines say that they hold."""
    words = (line.split(maxsplit=1) for line in lines)
    return {each[0] for each in words if each and not each[0].startswith("#")}


def _keys(path: str, lines: list[str], kind: Kind) -> list[str]:
    """The keys of a file; messages tell lines by number, for a line may hold a secret."""
    found: list[str] = []
    mistakes = Mistakes()
    for number, line in enumerate(lines, 1):
        if mistakes.enough:
            break
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        if len(words) > 2 and words[2].startswith("#"):  # a key may begin with one
            del words[2:]
        if words[0] in ("secret", "public") and words[0] != kind:
            mistakes.add(f"{path}:{number}: a {words[0]} key, expected a {kind} one")
            continue
        try:
            if len(words) != 2 or words[0] != kind:
                raise ValueError
            decode(words[1])
        except ValueError:
            mistakes.add(
                f"{path}:{number}: expected '{kind}' and a key of {_LENGTH} characters (Z85)"
            )
        else:
            found.append(words[1])
    if mistakes:
        raise ConfigurationError(str(mistakes))
    return found
