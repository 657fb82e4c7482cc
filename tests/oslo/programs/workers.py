"""Workers of nova's compute service, by hand: `workers.py URL WORKERS TOPICS ANSWERS`, the last three in JSON.

They take every method of 5.13 and 6.5, say what came and where, and answer as they were told.
"""

import json
import os
import sys

from peer import oslo_messaging, say, transport


class Worker:
    """Has every method."""

    def __init__(self, version, answers):
        self.target = oslo_messaging.Target(version=version)
        self._answers = answers

    def __getattr__(self, method):
        if method.startswith("_"):
            raise AttributeError(method)
        return lambda context, **arguments: self._answers.get(method)


def listen(way, topic, worker, answers):
    target = oslo_messaging.Target(exchange="nova", topic=topic, server=worker)
    endpoints = [Worker(version, answers) for version in ("5.13", "6.5")]
    server = oslo_messaging.get_rpc_server(way, target, endpoints, executor="threading")
    dispatch = server.dispatcher.dispatch

    def heard(incoming):
        message = incoming.message
        known = {name: message.get(name) for name in ("method", "version", "namespace", "args")}
        say({**known, "topic": topic, "server": worker, "call": bool(incoming.orig_msg_id)})
        return dispatch(incoming)

    server.dispatcher.dispatch = heard
    server.start()


def main(url, workers, topics, answers):
    way = transport(url)
    for worker in json.loads(workers):
        for topic in json.loads(topics):
            listen(way, topic, worker, json.loads(answers))
    say({"serving": True})
    sys.stdin.read()
    os._exit(0)


main(*sys.argv[1:])
