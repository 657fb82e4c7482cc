"""What things are called on the broker (PROTOCOL.md 6.1). Decides names, and makes nothing.

A name of a target never holds a slash, so the parts of these names cannot run into each other.
"""

from __future__ import annotations

import os
import re
import secrets
import socket

from rpcgen.runtime.errors import InvalidTarget
from rpcgen.runtime.target import Target

#: Octets that a name may have in AMQP.
MAX_NAME = 255

_HOST = re.compile(r"[^A-Za-z0-9_-]+")


class Names:
    """The names of one prefix."""

    __slots__ = ("_prefix", "_reply")

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self._reply = re.compile(rf"{re.escape(prefix)}\.reply/[A-Za-z0-9_.-]{{1,128}}")

    def calls(self) -> str:
        """The exchange of what goes to one server."""
        return self._name("call")

    def call(self, target: Target) -> str:
        """The queue, and the routing key, of requests to any server of a topic, or to one of them."""
        return self._name("call", target.exchange, target.topic, target.server)

    def keep(self, target: Target) -> str:
        """The queue, and the routing key, of messages to the same that are kept until they have been run."""
        return self._name("keep", target.exchange, target.topic, target.server)

    def call_ordered(self, target: Target) -> str:
        """As `call`, for what any server may get and has to be handled in order."""
        return self._name("call-ordered", target.exchange, target.topic)

    def keep_ordered(self, target: Target) -> str:
        """As `keep`, for the same."""
        return self._name("keep-ordered", target.exchange, target.topic)

    def dead(self, target: Target) -> str:
        """The queue of kept messages of a topic that could not be run."""
        return self._name("dead", target.exchange, target.topic)

    def junk(self, target: Target) -> str:
        """The queue of what came for any server of a topic, or for one of them, and is no request or cannot be read."""
        return self._name("junk", target.exchange, target.topic)

    def fanout(self, target: Target) -> str:
        """The exchange of what goes to all servers of a topic."""
        return self._name("fanout", target.exchange, target.topic)

    def event(self, target: Target) -> str:
        """The exchange of the events of a topic."""
        return self._name("event", target.exchange, target.topic)

    def group(self, kind: str, target: Target, interface: str, group: str) -> str:
        """A queue of the events of an interface for a group."""
        return self._name(kind, target.exchange, target.topic, interface, group)

    def stream(self, target: Target) -> str:
        """The stream of what went to all servers of a topic."""
        return self._name("stream", target.exchange, target.topic)

    def directory(self) -> str:
        """The exchange of questions to all servers: who is there?"""
        return self._name("directory")

    def own(self, server: str) -> str:
        """A queue for what one server gets by exchanges; another one at each call."""
        return self._name("own", server[:100], secrets.token_hex(8))

    def reply(self) -> str:
        """A queue for the answers to one client; another one at each call."""
        host = _HOST.sub("-", socket.gethostname())[:64]
        return self._name("reply", f"{host}.{os.getpid()}.{secrets.token_hex(8)}")

    def is_reply(self, name: object) -> bool:
        """Whether a server may answer there: what a request asks for must not make it write to other queues."""
        return isinstance(name, str) and self._reply.fullmatch(name) is not None

    def _name(self, kind: str, *parts: str | None) -> str:
        name = "/".join([f"{self._prefix}.{kind}", *(part for part in parts if part is not None)])
        if len(name) > MAX_NAME:
            raise InvalidTarget(
                f"{name[:64]}... has {len(name)} characters with exchange, topic and server; AMQP allows {MAX_NAME}"
            )
        return name
