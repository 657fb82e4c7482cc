"""Another key for a server that keeps running: connections that are there stay, new ones need the new key.

A socket of libzmq's has one key for each address that it listens on, and closing an address would close its
connections. So the old address stays, and the same address is bound a second time, with the new key, in a way that all
new connections reach the second: at a Unix socket because the file is another; at a TCP port because Linux is told so.
Either way the second listens before the first connection reaches it: who is refused takes the server for dead, and removes
its files. Knows nothing of key files.
"""

from __future__ import annotations

import ctypes
import os
import socket
import struct
import sys
from typing import Final

import zmq
from rpcgen.runtime.drivers.zeromq import records
from rpcgen.runtime.drivers.zeromq.keyfiles import Secret
from rpcgen.runtime.drivers.zeromq.sockets import BACKLOG, Socket, set_descriptor, set_secret

_ATTACH_REUSEPORT_CBPF: Final = 51
_RETURN: Final = 0x06  # BPF_RET | BPF_K


class Renewal:
    """Binds one server's address again and again."""

    def __init__(self, socket: Socket, address: str) -> None:
        """Remember a socket and where it is bound, the port as it became."""
        self._socket = socket
        self._address = address
        self._times = 0

    def renew(self, secret: Secret, listening: int) -> None:
        """Bind once more, with another key.

        Args:
            secret: the new key.
            listening: libzmq's descriptor for the address.

        Raises:
            OSError: this system cannot do it; everything is as before.
        """
        if self._address.startswith("ipc://"):
            fd = _listen_instead(self._address.removeprefix("ipc://"))
        else:
            with socket.socket(fileno=os.dup(listening)) as old:
                fd = _listen_too(old, self._times + 1)
        set_secret(self._socket, secret)
        set_descriptor(self._socket, fd)  # libzmq's from here on
        try:
            self._socket.bind(self._address)
        except zmq.ZMQError as error:
            raise OSError(error.errno, error.strerror) from error
        self._times += 1


def _listen_instead(path: str) -> int:
    """A descriptor that listens at a path, where another one listened until now, and gets all connections."""
    folder, file = os.path.split(path)
    temporary = records.temporary(records.stem(file))
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as new:
        unfinished = os.path.join(folder, temporary)
        new.bind(unfinished)
        try:
            os.chmod(unfinished, 0o600)
            new.listen(BACKLOG)
            os.rename(unfinished, path)
        except BaseException:
            records.remove(folder, temporary)
            raise
        return new.detach()


def _listen_too(old: socket.socket, number: int) -> int:
    """A descriptor that listens where the old socket does, as the system's `number`th, and gets all connections."""
    if sys.platform != "linux":
        raise OSError("this system cannot give a port a second key")
    # A one-line program for the kernel: new connections go to the socket of this number.
    choose = ctypes.create_string_buffer(struct.pack("=HBBI", _RETURN, 0, 0, number))
    program = struct.pack("@HP", 1, ctypes.addressof(choose))
    old.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    with socket.socket(old.family, socket.SOCK_STREAM) as new:
        new.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        new.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        if old.family == socket.AF_INET6:
            only = old.getsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY)
            new.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, only)
        new.bind(old.getsockname())
        new.listen(BACKLOG)
        new.setsockopt(socket.SOL_SOCKET, _ATTACH_REUSEPORT_CBPF, program)
        return new.detach()
