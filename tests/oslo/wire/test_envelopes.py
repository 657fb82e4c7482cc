"""Envelopes, and where an answer may go."""

from __future__ import annotations

import json

import pytest
from rpcgen.runtime.core.wires.oslo.envelope import unseal

from tests.oslo.recorded import ID
from tests.oslo.wire.parts import request


def test_a_bare_message_is_its_own_payload() -> None:
    """Peers from before the envelope are understood."""
    bare = request(_reply_q="reply_1")
    opened = unseal(bare)
    assert (opened.payload, opened.reply_queue) == (bare, "reply_1")
    half = json.dumps({"oslo.version": "2.0", "method": "x"}).encode()
    assert unseal(half).payload == half


@pytest.mark.parametrize("version", ["1.0", "2.1", "3.0", "", 2, [], "2.0.1"])
def test_envelopes_of_other_versions_are_refused(version: object) -> None:
    """As oslo.messaging refuses them."""
    with pytest.raises(ValueError, match="an envelope of version"):
        unseal(json.dumps({"oslo.version": version, "oslo.message": "{}"}).encode())


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"5", b"\xff", b'{"oslo.version": "2.0", "oslo.message": "["}']
)
def test_what_is_no_envelope(body: bytes) -> None:
    """One kind of error comes of it."""
    with pytest.raises(ValueError):  # noqa: PT011 - whatever the decoder says
        unseal(body)


@pytest.mark.parametrize(
    "body",
    [
        b'{"oslo.version": "2.0", "oslo.message": "{}", "oslo.message": "{}"}',
        b'{"oslo.version": "2.0", "oslo.message": "{\\"method\\": \\"a\\", \\"method\\": \\"b\\"}"}',
        b'{"method": "a", "_reply_q": "reply_1", "_reply_q": "reply_2"}',
        b'{"method": "a", "_context_roles": {"admin": false, "admin": true}}',
        b'{"result": 1, "result": 2, "_msg_id": "a"}',
        b'{"args": {"a": 1, "a": 2}, "_reply_q": "reply_1", "_reply_q": "reply_2"}',
        b'{"args": {"a": 1, "a": 2}, "method": "a", "_context_roles": {"admin": 0, "admin": 1}}',
        b'{"args": 1, "args": {"a": 2}, "method": "a"}',
    ],
)
def test_a_member_may_not_come_twice(body: bytes) -> None:
    """One reader would take the first, another the second."""
    with pytest.raises(ValueError, match="twice"):
        unseal(body)


@pytest.mark.parametrize(
    "queue",
    ["compute", "", "amq.x", "reply_", "reply_" + "x" * 250, "reply_a b", "reply_a\n", 5, None],
)
def test_a_request_makes_nobody_write_elsewhere(queue: object) -> None:
    """Only queues that such clients make are answered to."""
    assert unseal(request(_reply_q=queue)).reply_queue is None


@pytest.mark.parametrize("queue", ["reply_" + ID, "reply_hosta:nova-api:2"])
def test_queues_of_clients(queue: str) -> None:
    """By either of the names that oslo.messaging makes."""
    assert unseal(request(_reply_q=queue)).reply_queue == queue
