"""A broker, and the lab's clients and servers over it."""

from __future__ import annotations

from tests.rabbitd import amqp_session, amqp_url, rabbit

__all__ = ["amqp_session", "amqp_url", "rabbit"]
