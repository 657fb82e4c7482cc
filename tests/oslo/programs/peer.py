"""The hand-written side of peer.yaml: an endpoint for oslo.messaging."""

import json
import sys
import time
import warnings

warnings.simplefilter("ignore")  # what oslo.messaging's own imports warn of

import oslo_messaging  # noqa: E402 - after the filter
import peer_errors  # noqa: E402
from oslo_config import cfg  # noqa: E402


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


def configured(options):
    """The configuration, with options of the group `oslo_messaging_rabbit`."""
    conf = cfg.CONF
    conf([])
    from oslo_messaging._drivers import impl_rabbit

    conf.register_opts(impl_rabbit.rabbit_opts, group="oslo_messaging_rabbit")
    from oslo_messaging._drivers import amqp

    conf.register_opts(amqp.amqp_opts, group="oslo_messaging_rabbit")
    for name, value in options.items():
        conf.set_override(name, value, group="oslo_messaging_rabbit")
    return conf


def say(said):
    """One line for whoever started this program."""
    sys.stdout.write(json.dumps(said, default=repr) + "\n")
    sys.stdout.flush()
