"""A client that sends whatever frame a test wants, beside all checks of the real one."""

from __future__ import annotations

import time
from typing import Any

import msgspec
from rpcgen.runtime.core.codec import MSGPACK
from rpcgen.runtime.core.envelope import CALL, Reply, Request
from rpcgen.runtime.ids import new_id
from rpcgen.runtime.target import Target
from rpcgen.runtime.transport import find_driver

from tests.bare import BareClient


class RawClient:
    """Speaks frames with one server."""

    def __init__(self, url: str, target: Target) -> None:
        opened = find_driver(url)
        self._driver = opened.driver.connect(opened.url)
        self._peer = self._driver.peer(target) or self._driver.route(target, 5.0)

    def send(self, frame: bytes) -> None:
        self._driver.send(self._peer, frame)

    def receive(self, limit: float = 5.0) -> Any:
        """The next frame, decoded; None if none came in time."""
        end = time.monotonic() + limit
        while (left := end - time.monotonic()) > 0.0:
            for _peer, arrival in self._driver.poll(left):
                assert isinstance(arrival, bytes), arrival
                return MSGPACK.to_client(arrival)
        return None

    def ask(self, request: Request) -> Any:
        """Send a request and return the frame that answers it."""
        self.send(MSGPACK.encode(request))
        answer = self.receive()
        assert answer is not None, "no answer"
        assert answer.id == request.id
        return answer

    def ask_next(self, request: Request) -> list[Any]:
        """Send a request behind others; all that was answered until it was."""
        self.send(MSGPACK.encode(request))
        found: list[Any] = []
        end = time.monotonic() + 5.0
        while not any(each.id == request.id for each in found):
            left = end - time.monotonic()
            assert left > 0.0, "no answer"
            arrivals = [arrival for _peer, arrival in self._driver.poll(left)]
            found += [MSGPACK.to_client(each) for each in arrivals if isinstance(each, bytes)]
        return found

    def close(self) -> None:
        self._driver.close()


class Asking(BareClient):
    """Asks a server at ZeroMQ for many things in one message."""

    def ask(self, *requests: Request) -> None:
        """Send requests together."""
        self.say_together(*(MSGPACK.encode(each) for each in requests))

    def answers(self, count: int, limit: float = 5.0) -> dict[bytes, Any]:
        """The next answers, decoded, by the id of the request."""
        answers = [MSGPACK.to_client(frame) for frame in self.frames(count, limit)]
        return {each.id: each for each in answers}


def result_of(reply: Any) -> Any:
    """What a call returned; fails the test if it did not."""
    assert isinstance(reply, Reply), reply
    return MSGPACK.untyped(reply.body)


def request(method: str, arguments: Any = None, **changes: Any) -> Request:
    """A request of the lab's current version."""
    values: dict[str, Any] = {
        "id": new_id(),
        "how": CALL,
        "namespace": "test.lab",
        "method": method,
        "major": 1,
        "minor": 3,
        "reader": 3,
        "remaining": 5.0,
        "body": msgspec.Raw(MSGPACK.encode({} if arguments is None else arguments)),
    }
    return Request(**(values | changes))
