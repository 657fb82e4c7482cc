"""Keys for the tests of security: pairs in one folder, the clients that a server admits in another."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import zmq
from rpcgen.runtime.drivers.zeromq.keyfiles import write_pair


class Keyring:
    """A folder with the keys of `server` and `client`, whom the server admits."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clients = folder / "clients"
        self.clients.mkdir(mode=0o755, parents=True)
        os.chmod(self.clients, 0o755)
        self.secrets: list[str] = []
        self.make("server")
        self.make("client")
        self.admit("client")

    def make(self, name: str) -> None:
        """Make a pair; a pair of that name is replaced, each file at once."""
        public, secret = zmq.curve_keypair()
        self.secrets.append(secret.decode())
        write_pair(str(self.folder / "new"), secret, public)
        for suffix in (".key", ".pub"):
            os.rename(self.folder / f"new{suffix}", self.folder / f"{name}{suffix}")

    def admit(self, name: str) -> None:
        """Let the server admit a client."""
        shutil.copy(self.folder / f"{name}.pub", self.folder / "copy")
        os.rename(self.folder / "copy", self.clients / f"{name}.pub")

    def expel(self, name: str) -> None:
        """The reverse of `admit`."""
        (self.clients / f"{name}.pub").unlink()

    def trust(self, *names: str) -> None:
        """Write the file `trusted`, with the public keys of all these."""
        text = "".join((self.folder / f"{name}.pub").read_text() for name in names)
        (self.folder / "copy").write_text(text)
        os.rename(self.folder / "copy", self.folder / "trusted")

    def server(self, url: str, key: str = "server") -> str:
        """The server's URL."""
        return f"{url}?curve_key={self.folder}/{key}.key&curve_peers={self.clients}"

    def client(self, url: str, key: str = "client", peers: str = "server.pub") -> str:
        """A client's URL."""
        return f"{url}?curve_key={self.folder}/{key}.key&curve_peers={self.folder}/{peers}"
