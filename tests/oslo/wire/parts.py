"""Payloads of single messages, and what a core makes of them."""

from __future__ import annotations

import json
from itertools import count
from typing import Any

from tests.oslo.cores import ClientCore, ServerCore
from tests.oslo.recorded import ID

Payload = dict[str, Any]

COPIES = count()


def request(**members: Any) -> bytes:
    """The payload of a call of the hand-written client's, changed."""
    usual = {"method": "where", "args": {}, "namespace": "lab", "version": "2.1"}
    ids = {"_msg_id": ID, "_unique_id": f"copy-{next(COPIES)}"}
    return json.dumps(usual | ids | members).encode()


def answered(server: ServerCore, payload: bytes) -> Payload:
    """The one answer to a request, its failure opened."""
    (frame,) = server.feed(payload)
    answer: Payload = json.loads(frame)
    if answer["failure"] is not None:
        answer["failure"] = json.loads(answer["failure"])
    return answer


def told(client: ClientCore, *answers: Payload, name: str = "where", **arguments: Any) -> Any:
    """What a call gets out of some answers, of which only the last ends it."""
    call, _ = client.call(name, **arguments)
    usual = {"_msg_id": call.id.hex(), "failure": None, "ending": True}
    *before, last = [json.dumps(usual | answer).encode() for answer in answers]
    for payload in before:
        assert client.receive(payload) == []
    assert client.receive(last) == [call]
    return call.plan.outcome(call)


def failure(**members: Any) -> Payload:
    """An answer that says that a call failed."""
    return {"result": None, "failure": json.dumps(members)}


def between(server: ServerCore, client: ClientCore, name: str, **arguments: Any) -> Any:
    """A call of our client, answered by our server."""
    call, frame = client.call(name, **arguments)
    (answer,) = server.feed(frame)
    assert client.receive(answer) == [call]
    return call.plan.outcome(call)
