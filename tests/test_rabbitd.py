"""The tests' own RabbitMQ."""

from __future__ import annotations

from collections.abc import Iterator

import amqp
import pytest

from tests.rabbitd import RabbitServer


@pytest.fixture
def rabbit() -> Iterator[RabbitServer]:
    with RabbitServer() as server:
        yield server


def test_a_killed_node_keeps_what_is_durable(rabbit: RabbitServer) -> None:
    """A node answers its tools, loses its connections when it is killed, and comes back with its durable queues."""
    vhost = rabbit.new_vhost()
    connection = rabbit.connect(virtual_host=vhost)
    channel = connection.channel()
    channel.queue_declare("kept", durable=True, auto_delete=False)
    channel.queue_declare("lost", durable=False, auto_delete=False)
    message = amqp.Message(b"x", delivery_mode=2)
    channel.basic_publish_confirm(message, routing_key="kept")
    columns = ("name", "durable", "messages")
    assert rabbit.listed("queues", *columns, vhost=vhost) == [
        ["kept", "true", "1"],
        ["lost", "false", "0"],
    ]
    connection.collect()
    rabbit.kill()
    rabbit.start()
    assert rabbit.listed("queues", *columns, vhost=vhost) == [["kept", "true", "1"]]
