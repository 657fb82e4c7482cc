"""Servers of oslo.messaging: `serve.py SERVERS`, a JSON list of URL, server, exchange and topic.

It says a line when all of them serve, and ends with its standard input.
"""

import json
import os
import sys

from peer import Lab, oslo_messaging, say, transport


def serve(url, server, exchange="peers", topic="lab"):
    target = oslo_messaging.Target(exchange=exchange, topic=topic, server=server)
    made = oslo_messaging.get_rpc_server(
        transport(url), target, [Lab(server)], executor="threading"
    )
    made.start()


def main(servers):
    for each in json.loads(servers):
        serve(**each)
    say({"serving": True})
    sys.stdin.read()
    os._exit(0)  # its threads do not end by themselves


main(sys.argv[1])
