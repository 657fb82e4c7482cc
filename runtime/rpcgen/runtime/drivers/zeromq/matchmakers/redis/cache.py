"""What a client knows of the servers in redis, and until when. Pure: `now` is an argument; knows no redis.

Redis may lose everything, so that a registration is not listed means nothing: it counts until its time is over, or
until the index says that it has left. A server that lives renews it long before. Unless redis takes no writes:
then it counts for as long as it can be connected to, or nobody has tried.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

from msgspec import Struct
from rpcgen.runtime.drivers.zeromq.matchmakers import Endpoint
from rpcgen.runtime.drivers.zeromq.matchmakers.redis.records import BadRecord, decode
from rpcgen.runtime.drivers.zeromq.matchmakers.redis.store import Listing

#: The longest time, in seconds, for which anybody can be registered at once.
MAX_TTL: Final = 600.0

#: Seconds for which all that was known counts at least, once redis is back: servers have to register again.
GRACE: Final = 6.0

#: Seconds for which one that cannot renew counts at least: until the next look, and once redis takes writes until it has
#: renewed, which it tries twice a second.
HOLD: Final = 3.0


class _Known(Struct):
    """One registration; no endpoint if its record is not to be believed.

    Attributes:
        score: what the index said last.
        longest: seconds that were left when it was looked at, at most: nearly its time to live.
        lost: the last that was heard of it since it renewed: its connection ended, or could not be made.
    """

    endpoint: Endpoint | None
    until: float
    score: float
    longest: float
    lost: bool = False

    @property
    def renewed(self) -> float:
        """When it did so last, by redis's clock and nearly."""
        return self.score - 1000 * self.longest


class Cache:
    """The registrations that count.

    Attributes:
        ignored: what was wrong with records that came with the last update, by id.
    """

    def __init__(self) -> None:
        self.ignored: dict[str, BadRecord] = {}
        self._known: dict[str, _Known] = {}

    def wanted(self, listing: Listing) -> list[str]:
        """The registrations whose records are needed."""
        return [
            name
            for name, score in listing.scores.items()
            if score > listing.now and name not in self._known
        ]

    def update(
        self, listing: Listing, contents: Mapping[str, bytes], now: float, *, was_away: bool
    ) -> tuple[Endpoint, ...]:
        """Take in what redis says at the time `now`, the records of `wanted` with it; all endpoints then."""
        if was_away:
            for known in self._known.values():
                known.until = max(known.until, now + GRACE)
        self.ignored = {}
        for name, score in listing.scores.items():
            if score < 0:
                self._known.pop(name, None)
            elif score > listing.now:
                self._renew(name, contents.get(name), now, _seconds(score - listing.now), score)
        self._hold(listing, now)
        self._known = {name: known for name, known in self._known.items() if known.until > now}
        return self._endpoints()

    def _renew(
        self, name: str, content: bytes | None, now: float, left: float, score: float
    ) -> None:
        known = self._known.get(name)
        if known is not None:
            known.until = max(known.until, now + left)
            known.longest = max(known.longest, left)
            known.lost = known.lost and score <= known.score
            known.score = score
        elif content:  # else its record was not read, or is not there: it may be the next time
            try:
                self._known[name] = _Known(decode(content), now + left, score, left)
            except BadRecord as error:
                self.ignored[name] = error
                self._known[name] = _Known(None, now + left, score, left)

    def _hold(self, listing: Listing, now: float) -> None:
        """Let those count on that are listed, though their time is over, because they cannot renew.

        Each was to renew after a third of its time. If others have not done so later than that, redis takes no writes.
        """
        listed = [self._known[name] for name in listing.scores if name in self._known]
        # A time of another clock, or nobody's, says nothing of when it was written.
        honest = [known for known in listed if known.score <= listing.now + 1000 * MAX_TTL]
        newest = max((known.renewed for known in honest), default=0.0)
        for known in listed:
            alone = newest - known.renewed <= 1000 * known.longest / 2
            if known.score <= listing.now and alone and not known.lost:
                known.until = max(known.until, now + HOLD)

    def hear(self, key: str, lost: bool) -> None:
        """A connection to an endpoint is ready; or it was lost, or could not be made."""
        for known in self._known.values():
            if known.endpoint is not None and known.endpoint.key == key:
                known.lost = lost

    def _endpoints(self) -> tuple[Endpoint, ...]:
        """One for each address: of two that were there one after the other, that which lives is renewed."""
        latest: dict[str, _Known] = {}
        for known in self._known.values():
            if known.endpoint is not None:
                other = latest.get(known.endpoint.key)
                if other is None or (other.until, other.score) < (known.until, known.score):
                    latest[known.endpoint.key] = known
        return tuple(known.endpoint for known in latest.values() if known.endpoint is not None)


def _seconds(milliseconds: float) -> float:
    """A score is anybody's number: infinity counts as the longest."""
    return min(milliseconds / 1000, MAX_TTL) if not math.isnan(milliseconds) else 0.0
