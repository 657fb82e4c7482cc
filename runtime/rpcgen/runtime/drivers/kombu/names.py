"""What things are called (PROTOCOL.md 8.1). Decides names, and makes nothing.

No name of a queue holds a topic, an exchange or a server's name: kombu's transports differ in what a name may have. Two queues of one
server share its token, so that who is bound can be told from who has answered.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import socket

from rpcgen.runtime.target import Target

_HOST = re.compile(r"[^A-Za-z0-9_-]+")
_TOKEN = r"[A-Za-z0-9_.-]{1,128}"


def new_token() -> str:
    """What tells one program's queues from all others', and people whose they are."""
    host = _HOST.sub("-", socket.gethostname())[:64]
    return f"{host}.{os.getpid()}.{secrets.token_hex(8)}"


class Names:
    """The names of one prefix."""

    __slots__ = ("_ear", "_prefix", "_reply", "_server")

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self._reply = re.compile(rf"{re.escape(prefix)}\.reply\.{_TOKEN}", re.ASCII)
        self._server = re.compile(rf"{re.escape(prefix)}\.server\.({_TOKEN})", re.ASCII)
        self._ear = re.compile(rf"{re.escape(prefix)}\.ear\.({_TOKEN})", re.ASCII)

    def directory(self) -> str:
        """The exchange of questions to all servers: who is there?"""
        return f"{self._prefix}.directory"

    def server(self, token: str) -> str:
        """A server's queue of requests."""
        return f"{self._prefix}.server.{token}"

    def ear(self, token: str) -> str:
        """A server's queue of questions."""
        return f"{self._prefix}.ear.{token}"

    def reply(self, token: str) -> str:
        """A client's queue of answers."""
        return f"{self._prefix}.reply.{token}"

    def events(self) -> str:
        """The exchange of all events."""
        return f"{self._prefix}.events"

    def event(self, target: Target) -> str:
        """The key of one; no name of a target holds a slash."""
        return f"{target.exchange}/{target.topic}/{target.event}"

    def group(self, target: Target, interface: str, group: str) -> str:
        """The queue of a group; the digest tells it from others, the rest tells people whose it is."""
        place = f"{target.exchange}/{target.topic}/{interface}/{group}"
        digest = hashlib.sha256(place.encode()).hexdigest()[:16]
        return f"{self._prefix}.group.{_HOST.sub('-', group)[:64]}.{digest}"

    def member(self, token: str) -> str:
        """A subscriber's own queue, by which it wakes itself."""
        return f"{self._prefix}.member.{token}"

    def is_reply(self, name: str) -> bool:
        """Whether a server may answer there: what a request asks for must not make it write to other queues."""
        return self._reply.fullmatch(name) is not None

    def server_token(self, name: str) -> str | None:
        """Whose queue of requests it is; None: nobody's."""
        match = self._server.fullmatch(name)
        return None if match is None else match[1]

    def ear_token(self, name: str) -> str | None:
        """Whose queue of questions it is; None: nobody's."""
        match = self._ear.fullmatch(name)
        return None if match is None else match[1]
