"""Another socket for a server's path, which clients reach while there are hardly any descriptors left.

libzmq (4.3.5) ends the whole process when it cannot accept a connection at a Unix socket for want of a descriptor; at a
TCP port it only asks again. So before none is left the path leads to a socket that libzmq does not know, where `door.py`
turns clients away. It is made when the server starts, as it takes a descriptor, and is put in the place of the other by
links, which take none. Knows nothing of descriptors.
"""

from __future__ import annotations

import os
import socket

from rpcgen.runtime.drivers.zeromq import records
from rpcgen.runtime.drivers.zeromq.sockets import BACKLOG


class Shutter:
    """What can be put in the place of one server's socket.

    Attributes:
        fd: what listens where clients wait while it is down.
        is_down: whether the path leads to it.
    """

    def __init__(self, path: str) -> None:
        """Make it, for a path that another socket listens at. Raises OSError."""
        folder, file = os.path.split(path)
        name = records.stem(file)
        self._path = path
        self._files = tuple(os.path.join(folder, each) for each in records.shutter(name))
        self._own, self._kept, self._moving = self._files
        self.is_down = False
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.fd = self._socket.fileno()
        try:
            self._socket.bind(self._own)
            os.chmod(self._own, 0o600)
            self._socket.listen(BACKLOG)
        except BaseException:
            self.close()
            raise

    def lower(self) -> None:
        """Let the path lead here, also if another socket was put there since. Raises OSError: it leads where it did."""
        if self.is_down and os.path.samefile(self._path, self._own):
            return
        self.is_down = False
        _remove(self._kept, self._moving)
        os.link(self._path, self._kept)
        try:
            os.link(self._own, self._moving)
            os.rename(self._moving, self._path)
        except BaseException:
            _remove(self._kept, self._moving)
            raise
        self.is_down = True

    def lift(self) -> None:
        """Let it lead to the server again, unless another socket was put there meanwhile. Raises OSError."""
        if self.is_down:
            if os.path.samefile(self._path, self._own):
                os.rename(self._kept, self._path)
            else:
                _remove(self._kept)
            self.is_down = False

    def close(self) -> None:
        """Take it away; the path is the server's to remove."""
        self._socket.close()
        _remove(*self._files)


def _remove(*paths: str) -> None:
    for path in paths:
        records.remove(*os.path.split(path))
