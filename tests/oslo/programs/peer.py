"""The hand-written side of peer.yaml: an endpoint for oslo.messaging."""

import json
import os
import sys
import tempfile
import threading
import time
import warnings

warnings.simplefilter("ignore")  # what oslo.messaging's own imports warn of
os.environ.setdefault("OSLO_LOCK_PATH", tempfile.gettempdir())  # of its queue manager

import oslo_messaging  # noqa: E402 - after the filter
import peer_errors  # noqa: E402
from oslo_config import cfg  # noqa: E402

saying = threading.Lock()


class Lab:
    """Serves 2.3 of namespace `lab`."""

    target = oslo_messaging.Target(namespace="lab", version="2.3")

    def __init__(self, server):
        self._server = server

    def echo(self, context, arg):
        return arg

    def nothing(self, context):
        return None

    def fail(self, context, how):
        if how == "declared":
            raise peer_errors.NotFound("no such thing", instance_id="abc")
        if how == "picky":
            raise peer_errors.Picky(1, 2)
        if how == "bug":
            raise KeyError("x")
        if how == "result":
            return object()
        raise AssertionError(how)

    def slow(self, context, seconds):
        time.sleep(seconds)
        return "done"

    def where(self, context):
        return self._server

    def context(self, context):
        known = ("client_timeout",)
        return {name: value for name, value in context.items() if name not in known}

    def note(self, context, text):
        say({"noted": text, "server": self._server})

    def newer(self, context, more=None):
        return f"newer {more}"


def transport(url, allowed=()):
    """A transport; its options are in the query of the URL."""
    cfg.CONF([])
    return oslo_messaging.get_rpc_transport(cfg.CONF, url=url, allowed_remote_exmods=list(allowed))


def say(said):
    """One line for whoever started this program."""
    line = json.dumps(said, default=repr) + "\n"
    with saying:
        sys.stdout.write(line)
        sys.stdout.flush()
