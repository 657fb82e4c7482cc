"""The registrations in redis: one sorted set of who is there until when, and one key for each server's record.

The only module that knows the library. Every command has a deadline; whatever goes wrong is `Away`. No reply can be
larger than we ask for: names are matched by their length, and records are read up to a limit.
"""

from __future__ import annotations

import contextlib
from collections.abc import Generator, Sequence
from typing import TYPE_CHECKING, Any, Final

import redis
import redis.backoff
import redis.exceptions
import redis.retry
import redis.sentinel
from msgspec import Struct
from rpcgen.runtime.drivers.zeromq.matchmakers.redis import records
from rpcgen.runtime.url import Host

if TYPE_CHECKING:
    from rpcgen.runtime.drivers.zeromq.matchmakers.redis import Options

#: Members are ids of registrations; a score is the time (redis's, in milliseconds) until which one counts, or minus
#: the time until which is to be remembered that it has left.
INDEX: Final = "rpcgen:servers"
RECORD: Final = "rpcgen:server:"

#: Seconds that connecting, and each reply, may take.
DEADLINE: Final = 1.0

MAX_SERVERS: Final = 4096
_MAX_TOTAL: Final = 16 * 1024 * 1024
_CHUNK: Final = 64
_SCAN: Final = 1000
_MAX_SCANS: Final = 64
_PATTERN: Final = "[0-9a-f]" * 12

_DENIED: Final = (
    redis.exceptions.AuthenticationError,
    redis.exceptions.AuthorizationError,
    redis.exceptions.NoPermissionError,
)


class Away(Exception):
    """Redis cannot be asked now; the text says why and shows no password.

    Attributes:
        denied: it does not let us.
    """

    def __init__(self, text: str, *, denied: bool = False) -> None:
        super().__init__(text)
        self.denied = denied


class Listing(Struct, frozen=True):
    """Who is there.

    Attributes:
        now: redis's time in milliseconds.
        scores: for each registration what the index says.
    """

    now: int
    scores: dict[str, float]


class Store:
    """One connection; used by one thread.

    Attributes:
        where: for messages to people.
    """

    def __init__(
        self,
        hosts: Sequence[Host],
        database: int,
        username: str | None,
        password: str | None,
        options: Options,
    ) -> None:
        """Remember how to connect; nothing is sent yet."""
        name = "" if options.sentinel is None else f"{options.sentinel} of the sentinels "
        self.where = f"redis at {name}{','.join(map(str, hosts))}/{database}"
        self._secrets = [secret for secret in (password, username) if secret]
        common: dict[str, Any] = {
            "socket_connect_timeout": DEADLINE,
            "socket_timeout": DEADLINE,
            "retry": redis.retry.Retry(redis.backoff.NoBackoff(), 0),
            "protocol": 2,
        }
        if options.tls:
            common |= {"ssl": True, "ssl_cert_reqs": "required", "ssl_check_hostname": True}
            common["ssl_ca_certs"] = options.ca
        credentials: dict[str, Any] = {
            "username": username or None,
            "password": password or None,
        }
        # The library's commands are typed as what either of its worlds returns.
        self._client: Any
        if options.sentinel is None:
            [host] = hosts
            self._client = redis.Redis(
                host=host.name, port=host.port or 0, db=database, **credentials, **common
            )
        else:
            sentinels: Any = redis.sentinel
            sentinel = sentinels.Sentinel(
                [(host.name, host.port or 0) for host in hosts],
                sentinel_kwargs={**common, **(credentials if options.sentinel_auth else {})},
                db=database,
                **credentials,
                **common,
            )
            self._client = sentinel.master_for(options.sentinel)

    def listing(self) -> Listing:
        """Who is there. Raises Away."""
        with self._deadline():
            scores: dict[str, float] = {}
            cursor: int | None = None
            now = 0
            for _ in range(_MAX_SCANS):
                pipe = self._client.pipeline(transaction=False)
                pipe.time()
                pipe.zscan(INDEX, cursor or 0, _PATTERN, _SCAN)
                (seconds, microseconds), (cursor, found) = pipe.execute()
                now = now or seconds * 1000 + microseconds // 1000
                scores.update((member.decode("ascii"), score) for member, score in found)
                if not cursor or len(scores) > MAX_SERVERS:
                    break
            return Listing(now, dict(list(scores.items())[:MAX_SERVERS]))

    def read(self, ids: Sequence[str]) -> dict[str, bytes]:
        """The records of registrations, of each at most one byte more than is allowed. Raises Away."""
        found: dict[str, bytes] = {}
        total = 0
        with self._deadline():
            for start in range(0, len(ids), _CHUNK):
                chunk = ids[start : start + _CHUNK]
                pipe = self._client.pipeline(transaction=False)
                for each in chunk:
                    pipe.getrange(RECORD + each, 0, records.MAX_BYTES)
                for each, content in zip(chunk, pipe.execute(raise_on_error=False), strict=True):
                    if isinstance(content, bytes):
                        found[each] = content
                        total += len(content)
                    else:  # a key of that name is no text
                        found[each] = b"-"
                if total > _MAX_TOTAL:
                    break
        return found

    def renew(self, name: str, record: bytes, ttl: float) -> None:
        """Register, or stay registered, for so many seconds; forget those whose time is over. Raises Away."""
        with self._deadline():
            now = self._now()
            until = now + round(ttl * 1000)
            pipe = self._client.pipeline(transaction=True)
            pipe.set(RECORD + name, record, px=round(ttl * 1000))
            pipe.zadd(INDEX, {name: until})
            pipe.zremrangebyscore(INDEX, -now, now)
            pipe.execute()

    def leave(self, name: str, ttl: float) -> None:
        """Tell everybody that a registration has ended. Raises Away."""
        with self._deadline():
            until = self._now() + round(ttl * 1000)
            pipe = self._client.pipeline(transaction=True)
            pipe.zadd(INDEX, {name: -until})
            pipe.delete(RECORD + name)
            pipe.execute()

    def close(self) -> None:
        """Give the connection back; called by the thread that used it."""
        with contextlib.suppress(redis.exceptions.RedisError, OSError):
            self._client.close()
            self._client.connection_pool.disconnect()

    def _now(self) -> int:
        seconds, microseconds = self._client.time()
        return int(seconds) * 1000 + int(microseconds) // 1000

    @contextlib.contextmanager
    def _deadline(self) -> Generator[None]:
        try:
            yield
        except (redis.exceptions.RedisError, OSError, ValueError, TypeError) as error:
            # ValueError and TypeError: a reply that is not what the command answers.
            raise Away(self._shown(error), denied=isinstance(error, _DENIED)) from None

    def _shown(self, error: Exception) -> str:
        text = " ".join(str(error).split())[:200] or type(error).__name__
        for secret in self._secrets:
            text = text.replace(secret, "***")
        return ascii(text)[1:-1]
