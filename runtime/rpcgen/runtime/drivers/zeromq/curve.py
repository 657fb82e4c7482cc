"""Who we are and whom we trust: the keys behind the options `curve_key` and `curve_peers`, read again when files change.

A server trusts the clients whose public keys are in `curve_peers`, a client the servers. Reading never waits for more
than a disk. Knows the files and their names, no sockets; what a key file looks like is in `keyfiles.py`.
"""

from __future__ import annotations

import logging
import os
import stat
from collections.abc import Callable, Mapping
from time import monotonic, time_ns
from typing import Final, Generic, TypeVar

import zmq
from msgspec import Struct, field
from rpcgen.runtime.descriptors import EXHAUSTED
from rpcgen.runtime.drivers.zeromq.keyfiles import (
    PublicKey,
    Secret,
    check_unchangeable,
    read_public,
    read_secret,
)
from rpcgen.runtime.drivers.zeromq.matchmakers import Endpoint
from rpcgen.runtime.drivers.zeromq.mistakes import Mistakes
from rpcgen.runtime.drivers.zeromq.options import ZmqOptions
from rpcgen.runtime.errors import AuthError, ConfigurationError

log = logging.getLogger("rpcgen.zeromq")

T = TypeVar("T")
FileState = tuple[int, ...]

#: Seconds for which nobody looks whether a file has changed.
FRESH: Final = 0.02

#: A file changed twice within one tick of the file system's clock shows one time of change; only a change older than
#: this can be told from the next.
_CLOCK_TICK_NS: Final = 50_000_000

_SUFFIX: Final = ".pub"


class ClientCurve(Struct, frozen=True):
    """What a client's socket needs."""

    secret: Secret
    server: PublicKey


class Peers(Struct):
    """What is in `curve_peers`.

    Attributes:
        keys: by whose they are: the file's name without `.pub`, None for all if `curve_peers` is one file.
        problems: files that were passed over, and why.
    """

    keys: dict[str | None, tuple[PublicKey, ...]] = field(
        default_factory=dict[str | None, tuple[PublicKey, ...]]
    )
    problems: list[str] = field(default_factory=list[str])


class Source(Generic[T]):
    """A value that is read from files, and read again once they have changed, or while the system refuses them.

    Attributes:
        value: what could be read last.
        problem: why the files cannot be used as they are now; None if they can.
    """

    def __init__(self, path: str, read: Callable[[str], T]) -> None:
        """Read it. Raises ConfigurationError."""
        self.path = path
        self.problem: str | None = None
        self._read = read
        self._looked = monotonic()
        self._seen = _state(path)
        self.value = read(path)

    def renew(self) -> bool:
        """Read again if something has changed; whether there is a new value. A problem is logged once."""
        now = monotonic()
        if now - self._looked < FRESH:
            return False
        self._looked = now
        seen = _state(self.path)
        if seen is not None and seen == self._seen:
            return False
        self._seen = None
        try:
            self.value = self._read(self.path)
        except ConfigurationError as error:
            # A mistake stays until somebody mends it. What the system refused it may grant at the next look: a file
            # that is in order does not change then.
            if not isinstance(error.__cause__, OSError):
                self._seen = seen
            if self.problem != str(error):
                self.problem = str(error)
                log.error("%s", error)
            return False
        self._seen = seen
        self.problem = None
        return True


class ServerKeys:
    """A server's own key, and the clients that it admits.

    Attributes:
        where: where the clients' keys are, for messages to people.
    """

    def __init__(self, options: ZmqOptions) -> None:
        """Read them. Raises ConfigurationError."""
        own, self.where = _paths(options)
        self._own = Source(own, read_secret)
        self._peers = Source(self.where, read_peers)
        _check(self._peers.value)
        self._names = _by_key(self._peers.value)
        #: Counts the lists that were read.
        self.edition = 0

    def secret(self) -> Secret:
        """Our own key: the last that could be read."""
        self._own.renew()
        return self._own.value

    @property
    def last_secret(self) -> Secret:
        """As `secret` said last; for any thread."""
        return self._own.value

    def name_of(self, client: PublicKey) -> str | None:
        """The name of a client that is admitted; None for any other, and for all while the list cannot be read."""
        self.look()
        return None if self._peers.problem else self._names.get(client)

    def look(self) -> None:
        """Read the list again if it has changed."""
        if _renewed(self._peers):
            self._names = _by_key(self._peers.value)
            self.edition += 1

    def expels(self, client: PublicKey) -> bool:
        """Whether a client that was admitted is not on the list as it was read last; for any thread.

        Nobody is while a part of the list cannot be read: whoever is in there would be turned out by a mistake.
        """
        unsure = self._peers.problem or self._peers.value.problems
        return not unsure and client not in self._names


class ClientKeys:
    """A client's own key, and the servers that it trusts."""

    def __init__(self, options: ZmqOptions) -> None:
        """Read them. Raises ConfigurationError."""
        own, where = _paths(options)
        self._own = Source(own, read_secret)
        self._peers = Source(where, read_peers)
        self._worked: dict[str, PublicKey] = {}
        _check(self._peers.value)

    def curves(self, endpoint: Endpoint) -> tuple[ClientCurve, ...]:
        """What to try with a server, one after the other; it has several keys while it changes them.

        What worked last comes first.

        Raises:
            AuthError: we know no key of that server.
        """
        self._own.renew()
        _renewed(self._peers)
        if self._peers.problem:
            raise AuthError(self._peers.problem)
        known = self._peers.value.keys
        names = _names(endpoint)
        for name in names:
            if name in known:
                worked = self._worked.get(endpoint.name)
                keys = sorted(known[name], key=lambda key: key != worked)
                return tuple(ClientCurve(self._own.value, key) for key in keys)
        wanted = " or ".join(f"{name}{_SUFFIX}" for name in names if name)
        raise AuthError(f"no public key of it in {self._peers.path}: expected {wanted}")

    def doubt(self, endpoint: Endpoint, server: str, curve: ClientCurve | None) -> AuthError | None:
        """What is wrong if a server that has shown its key calls itself by the name of another."""
        if curve is None:
            return None
        keys = self._peers.value.keys.get(server)
        if keys is None or curve.server in keys:
            self._worked[endpoint.name] = curve.server
            return None
        return AuthError(
            f"it calls itself {server}, but its key is not in {self._peers.path}/{server}{_SUFFIX}"
        )


def read_peers(path: str) -> Peers:
    """The public keys in a file, or in the `.pub` files of a directory.

    Raises:
        ConfigurationError: nothing there can be trusted.
    """
    if not os.path.isdir(path):
        return Peers({None: read_public(path)})
    peers = Peers()
    try:
        check_unchangeable(path, os.stat(path))
        for name in sorted(name for name in os.listdir(path) if name.endswith(_SUFFIX)):
            _read_into(peers, path, name)
    except OSError as error:
        raise ConfigurationError(f"cannot read the keys in {path}: {error.strerror}") from error
    if not (peers.keys or peers.problems):
        raise ConfigurationError(
            f"{path} has no public key: put the {_SUFFIX} files of all who may connect there"
        )
    return peers


def _read_into(peers: Peers, path: str, name: str) -> None:
    """Read one file of a directory. Raises OSError if nothing is wrong with it, but it cannot be opened just now."""
    try:
        peers.keys[name.removesuffix(_SUFFIX)] = read_public(f"{path}/{name}")
    except ConfigurationError as error:
        if isinstance(error.__cause__, OSError) and error.__cause__.errno in EXHAUSTED:
            raise error.__cause__ from None
        peers.problems.append(str(error))


def _paths(options: ZmqOptions) -> tuple[str, str]:
    if not zmq.has("curve"):
        raise ConfigurationError(
            "option 'curve_key': this machine's libzmq was built without CURVE"
        )
    assert options.curve_key is not None
    assert options.curve_peers is not None  # ZmqOptions sees to it
    return options.curve_key, options.curve_peers


def _check(peers: Peers) -> None:
    """A file that cannot be read is a mistake at the start; later it is passed over."""
    if peers.problems:
        raise ConfigurationError(str(Mistakes(peers.problems)))


def _renewed(peers: Source[Peers]) -> bool:
    """Whether there is a new list; what is wrong with it, and was not with the last, is logged."""
    before = peers.value.problems
    if not peers.renew():
        return False
    for problem in peers.value.problems:
        if problem not in before:
            log.error("%s; its owner is not trusted", problem)
    return True


def _by_key(peers: Peers) -> Mapping[PublicKey, str]:
    return {key: name or "" for name, keys in peers.keys.items() for key in keys}


def _names(endpoint: Endpoint) -> list[str | None]:
    """Under what names a server's key may be filed, best first."""
    names: list[str | None] = [None]
    if endpoint.server is not None:
        names.append(endpoint.server)
    transport, _, address = endpoint.address.partition("://")
    if transport == "tcp":
        names += [address, address.rpartition(":")[0].strip("[]")]
    return names


def _state(path: str) -> tuple[FileState, ...] | None:
    """What changes when a file, or a `.pub` file of a directory, does; None if it cannot be told from the next."""
    try:
        states = [os.stat(path)]
        if stat.S_ISDIR(states[0].st_mode):
            with os.scandir(path) as entries:
                files = sorted(each.path for each in entries if each.name.endswith(_SUFFIX))
            states += [os.stat(file) for file in files]
    except OSError:
        return None
    if time_ns() - max(state.st_ctime_ns for state in states) < _CLOCK_TICK_NS:
        return None
    return tuple(
        (state.st_dev, state.st_ino, state.st_mtime_ns, state.st_ctime_ns, state.st_size)
        for state in states
    )
