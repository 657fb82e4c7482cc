"""A client of oslo.messaging: `ask.py URL [ALLOWED]`; ALLOWED is a JSON list of modules.

Each line of its standard input is a JSON object, of which all but the first two may be absent:

    {"how": "call" | "cast", "method": ..., "args": {...}, "context": {...}, "prepare": {...}, "url": ..., "beside": true}

and each line of its output what became of it. What is asked `beside` does not keep the next from being asked.
"""

import json
import os
import sys
from concurrent.futures import ThreadPoolExecutor

from peer import oslo_messaging, say, transport

clients = {}
beside = ThreadPoolExecutor(8)


def client(url, allowed):
    if url not in clients:
        target = oslo_messaging.Target(
            exchange="peers", topic="lab", namespace="lab", version="2.0"
        )
        clients[url] = oslo_messaging.get_rpc_client(transport(url, allowed), target, timeout=10)
    return clients[url]


def outcome(client, asked):
    try:
        prepared = client.prepare(**asked.get("prepare", {}))
        act = prepared.call if asked["how"] == "call" else prepared.cast
        return {"result": act(asked.get("context", {}), asked["method"], **asked.get("args", {}))}
    except Exception as error:
        kind = type(error)
        told = {"error": kind.__name__, "module": kind.__module__}
        # A built-in one is given its text and the traceback as its first argument.
        text = str(error.args[0] if kind.__module__ == "builtins" else error)
        told["text"] = text.partition("\n")[0]
        for name in ("exc_type", "value", "kwargs"):
            if hasattr(error, name):
                told[name] = getattr(error, name)
        return told


def answer(client, asked):
    say({"id": asked.get("id"), **outcome(client, asked)})


def main(url, allowed="[]"):
    allowed = json.loads(allowed)
    client(url, allowed)
    say({"ready": True})
    for line in sys.stdin:
        asked = json.loads(line)
        chosen = client(asked.get("url", url), allowed)
        if asked.get("beside"):
            beside.submit(answer, chosen, asked)
        else:
            answer(chosen, asked)
    os._exit(0)


main(*sys.argv[1:])
