"""Another key for a server that keeps running: connections that are there stay, new ones need the new key.

A socket of libzmq's has one key for each address that it listens on, and closing an address would close its
connections. So the old address stays, and the same address is bound a second time, with the new key, in a way that all
new connections reach the second: at a Unix socket because the file is another; at a TCP port because Linux is told so.
Knows nothing of key files.
"""

from __future__ import annotations

import ctypes
import os
import socket as tcp
import struct
import sys
from typing import Final

import zmq
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
            set_secret(self._socket, secret)
            self._bind()
            os.chmod(self._address.removeprefix("ipc://"), 0o600)
            return
        with tcp.socket(fileno=os.dup(listening)) as old:
            fd = _listen_too(old, self._times + 1)
        set_secret(self._socket, secret)
        set_descriptor(self._socket, fd)  # libzmq's from here on
        self._bind()
        self._times += 1

    def _bind(self) -> None:
        try:
            self._socket.bind(self._address)
        except zmq.ZMQError as error:
            raise OSError(error.errno, error.strerror) from error


def _listen_too(old: tcp.socket, number: int) -> int:
    """A descriptor that listens where the old socket does, as the system's `number`th, and gets all connections."""
    if sys.platform != "linux":
        raise OSError("this system cannot give a port a second key")
    # A one-line program for the kernel: new connections go to the socket of this number.
    choose = ctypes.create_string_buffer(struct.pack("=HBBI", _RETURN, 0, 0, number))
    program = struct.pack("@HP", 1, ctypes.addressof(choose))
    old.setsockopt(tcp.SOL_SOCKET, tcp.SO_REUSEPORT, 1)
    with tcp.socket(old.family, tcp.SOCK_STREAM) as new:
        new.setsockopt(tcp.SOL_SOCKET, tcp.SO_REUSEADDR, 1)
        new.setsockopt(tcp.SOL_SOCKET, tcp.SO_REUSEPORT, 1)
        if old.family == tcp.AF_INET6:
            only = old.getsockopt(tcp.IPPROTO_IPV6, tcp.IPV6_V6ONLY)
            new.setsockopt(tcp.IPPROTO_IPV6, tcp.IPV6_V6ONLY, only)
        new.bind(old.getsockname())
        new.listen(BACKLOG)
        new.setsockopt(tcp.SOL_SOCKET, _ATTACH_REUSEPORT_CBPF, program)
        return new.detach()
