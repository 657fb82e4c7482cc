"""What is known of kombu's transports: what each needs to be installed, and what it cannot do. Imports none of them."""

from __future__ import annotations

import importlib.util
from importlib import metadata
from typing import Final

from msgspec import Struct
from rpcgen.runtime.advice import did_you_mean
from rpcgen.runtime.errors import BadUrl, ConfigurationError
from rpcgen.runtime.url import TransportUrl

#: What none of kombu's virtual transports can do, and what follows; a program that asks for it is refused.
LACKS: Final = {
    "at_least_once": "it forgets a message when it hands it out, so a server that dies has lost it",
    "ttl": "nothing in it expires, and clocks of hosts differ",
    "no group": "it would not miss one that died, whose queue would grow for ever",
    "wire=oslo": "oslo.messaging has no driver for it",
}


#: Before this version queues in redis do not expire, and what is bound in a folder stays bound for ever.
OLDEST: Final = (5, 7)


class Facts(Struct, frozen=True):
    """One of kombu's transports.

    Attributes:
        carrier: the module here that knows it.
        needs: modules that have to be there.
        install: what brings them.
        refused: why it cannot be used; the empty text: it can.
    """

    carrier: str = "plain"
    needs: tuple[str, ...] = ()
    install: str = ""
    refused: str = ""


_NO_FANOUT = Facts(
    refused="kombu's transport {name!r} has no fanout, and servers are found by a question to all of them"
)
_AMQP = Facts(refused="{name!r} is AMQP itself, and amqp:// keeps more promises over it")
_LOG = Facts(
    refused="kombu's transport {name!r} keeps a log, from which no client can take its answers alone"
)
_OLD = Facts(refused="kombu's transport {name!r} does not run on any Python that rpcgen runs on")
_SENTINEL = Facts(
    refused="kombu's transport {name!r} is not offered: name redis's primary in kombu+redis://, or use zmq+redis://...?sentinel=NAME"
)

#: Name -> what is known of it. The first four are tested; of the others with a fanout, kombu says that they can.
FACTS: Final[dict[str, Facts]] = {
    "redis": Facts("redis", ("redis",), "pip install 'rpcgen[kombu-redis]'"),
    "rediss": Facts("redis", ("redis",), "pip install 'rpcgen[kombu-redis]'"),
    "filesystem": Facts("filesystem"),
    "memory": Facts("memory"),
    "mongodb": Facts(needs=("pymongo",), install="pip install 'kombu[mongodb]'"),
    "pgmq": Facts(needs=("pgmq",), install="pip install 'kombu[pgmq]'"),
    "gcpubsub": Facts(needs=("google.cloud.pubsub_v1",), install="pip install 'kombu[gcpubsub]'"),
    "sentinel": _SENTINEL,
    **dict.fromkeys(("amqp", "amqps", "pyamqp", "librabbitmq"), _AMQP),
    **dict.fromkeys(("sqla", "sqlalchemy", "zookeeper", "consul", "etcd", "pyro"), _NO_FANOUT),
    **dict.fromkeys(("sqs", "slmq", "azurestoragequeues", "azureservicebus"), _NO_FANOUT),
    **dict.fromkeys(("kafka", "confluentkafka"), _LOG),
    "qpid": _OLD,
}


def facts_of(url: TransportUrl) -> Facts:
    """Those of the transport that a URL names.

    Raises:
        BadUrl: there is none of that name, or it cannot be used.
        ConfigurationError: something has to be installed.
    """
    _, plus, name = url.scheme.partition("+")
    facts = FACTS.get(name)
    usable = [known for known, each in FACTS.items() if not each.refused]
    if not plus or not name:
        raise BadUrl(f"{url}: expected kombu+TRANSPORT://, with one of {', '.join(usable)}")
    if facts is None:
        raise BadUrl(f"{url}: kombu has no transport {name!r}; {did_you_mean(name, usable)}")
    if facts.refused:
        raise BadUrl(
            f"{url}: {facts.refused.format(name=name)}; use one of {', '.join(usable)}, or amqp://"
        )
    if dict(url.params).get("wire") == "oslo":
        raise BadUrl(f"{url}: no wire=oslo over kombu+{name}: {LACKS['wire=oslo']}; use amqp://")
    if (found := _version()) < OLDEST:
        needs = ".".join(map(str, OLDEST))
        raise ConfigurationError(
            f"{url}: needs kombu {needs} or newer, found {'.'.join(map(str, found))}; pip install 'kombu>={needs}'"
        )
    missing = [module for module in facts.needs if not _installed(module)]
    if missing:
        raise ConfigurationError(
            f"{url}: kombu's transport {name!r} needs the Python package {missing[0]!r}, which is not installed; {facts.install}"
        )
    return facts


def _version() -> tuple[int, ...]:
    """Of kombu; what is no number in it does not count."""
    return tuple(int(part) for part in metadata.version("kombu").split(".") if part.isdigit())


def _installed(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:  # not even the package that it would be in
        return False
