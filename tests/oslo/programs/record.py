"""Runs oslo.messaging's client and server against each other in one process, and prints every message that is sent."""

import json
import os
import sys
import threading

import kombu
from peer import Lab, oslo_messaging, transport

published = []
noted = threading.Semaphore(0)


class Noting(Lab):
    """Tells when a cast has come."""

    def note(self, context, text):
        noted.release()


def record(publish):
    """`publish`, with everything written down."""

    def published_too(
        self,
        body,
        priority,
        content_type,
        content_encoding,
        headers,
        properties,
        key,
        mandatory,
        *rest,
        **more,
    ):
        exchange = rest[1]
        published.append(
            {
                "exchange": exchange,
                "key": key,
                "content_type": content_type,
                "content_encoding": content_encoding,
                "delivery_mode": properties.get("delivery_mode"),
                "expiration": properties.get("expiration"),
                "priority": priority,
                "headers": headers,
                "mandatory": mandatory,
                "body": body if isinstance(body, str) else body.decode(),
            }
        )
        return publish(
            self,
            body,
            priority,
            content_type,
            content_encoding,
            headers,
            properties,
            key,
            mandatory,
            *rest,
            **more,
        )

    return published_too


def main():
    kombu.Producer._publish = record(kombu.Producer._publish)
    way = transport("kombu+memory://")
    target = oslo_messaging.Target(exchange="peers", topic="lab", server="host1")
    server = oslo_messaging.get_rpc_server(way, target, [Noting("host1")], executor="threading")
    server.start()
    target = oslo_messaging.Target(exchange="peers", topic="lab", namespace="lab", version="2.1")
    client = oslo_messaging.get_rpc_client(way, target, timeout=5)
    steps = {
        "call": lambda: client.call(
            {"user": "ann", "request_id": "req-1", "roles": ["a"]},
            "echo",
            arg=[1, 2.5, None, True, "\xe9"],
        ),
        "call without a result": lambda: client.call({}, "nothing"),
        "declared error": lambda: client.call({}, "fail", how="declared"),
        "built-in error": lambda: client.call({}, "fail", how="bug"),
        "error that cannot be made again": lambda: client.call({}, "fail", how="picky"),
        "unknown method": lambda: client.call({}, "missing"),
        "version too new": lambda: client.prepare(version="2.4").call({}, "echo", arg=1),
        "no namespace": lambda: client.prepare(namespace=None).call({}, "echo", arg=1),
        "monitored call": lambda: client.prepare(call_monitor_timeout=2).call(
            {}, "slow", seconds=1.5
        ),
        "cast": lambda: client.cast({"user": "ann"}, "note", text="any"),
        "cast to a server": lambda: client.prepare(server="host1").cast({}, "note", text="one"),
        "fanout": lambda: client.prepare(fanout=True).cast({}, "note", text="all"),
    }
    recorded = {}
    for name, step in steps.items():
        published.clear()
        try:
            step()
        except Exception as error:  # what the caller sees is another test's
            sys.stderr.write(f"{name}: {type(error).__name__}\n")
        if "cast" in name or name == "fanout":
            noted.acquire(timeout=5)
        recorded[name] = list(published)
    print(json.dumps(recorded))
    sys.stdout.flush()
    os._exit(0)  # its threads do not end by themselves


main()
