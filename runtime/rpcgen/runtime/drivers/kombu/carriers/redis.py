"""Redis: lists are queues, and its publish/subscribe is the fanout."""

from __future__ import annotations

# kombu has no types.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUntypedBaseClass=false, reportUnknownArgumentType=false
import ssl
from typing import Any, Final

import redis.exceptions
from kombu.transport import redis as _theirs
from rpcgen.runtime.drivers.kombu.carriers.carrier import Carrier
from rpcgen.runtime.drivers.kombu.options import RedisOptions
from rpcgen.runtime.errors import BadUrl

theirs: Any = _theirs

#: Seconds after which a list that nobody reads goes; seconds of silence after which a connection is looked at.
EXPIRES: Final = 60
HEALTH: Final = 2


class Channel(theirs.Channel):  # type: ignore[misc]
    """kombu's, whose list of fanouts is its own: it shares one among all, and goes through it while others write."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._fanout_queues: dict[str, tuple[str, str]] = {}
        super().__init__(*args, **kwargs)


class Transport(theirs.Transport):  # type: ignore[misc]
    """kombu's, with that channel."""

    Channel = Channel


class Kind(Carrier):
    """`kombu+redis://:password@host:port/database`, and `kombu+rediss://` with TLS."""

    Options = RedisOptions
    options: RedisOptions

    def check(self) -> None:
        """The path is a number."""
        super().check()
        self.url.check_hosts()
        database = self.url.path.strip("/")
        if database and not (database.isascii() and database.isdigit() and len(database) < 6):
            raise BadUrl(f"{self.text}: expected the number of a database as the path")
        if self.options.ca is not None and self.name != "rediss":
            raise BadUrl(f"{self.text}: option 'ca' is for kombu+rediss:// alone")

    def transport(self) -> Any:
        """Ours."""
        return Transport

    def transport_options(self) -> dict[str, Any]:
        """Times within which everything ends; and nothing for messages that are held, because none is."""
        patience = self.options.connect_timeout
        return {
            "ack_emulation": False,
            "priority_steps": [0],
            "socket_timeout": patience,
            "socket_connect_timeout": patience,
            "health_check_interval": HEALTH,
            "socket_keepalive": True,
        }

    def more(self) -> dict[str, Any]:
        """TLS."""
        if self.name != "rediss":
            return {}
        return {
            "ssl": {
                "ssl_cert_reqs": ssl.CERT_REQUIRED,
                "ssl_ca_certs": self.options.ca,
                "ssl_check_hostname": self.options.check_host,
            }
        }

    def expiring(self, channel: Any, queue: str) -> None:
        """Each write of ours gives it a minute."""
        channel.queue_declare(queue, arguments={"x-expires": EXPIRES * 1000})

    def written(self, channel: Any, queue: str) -> None:
        """The channel remembers the minute until it is told that there is none."""
        channel.queue_declare(queue)

    def hung_up(self, transport: Any) -> None:
        """What it waits with."""
        transport.cycle.poller.close()

    def lost(self, error: Exception) -> bool:
        """Redis's own errors are none of `OSError`."""
        return isinstance(error, (OSError, redis.exceptions.RedisError))

    def refused(self, error: Exception) -> bool:
        """A wrong password, or none."""
        refusals = redis.exceptions.AuthenticationError, redis.exceptions.NoPermissionError
        return isinstance(error, refusals)
