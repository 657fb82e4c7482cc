"""The servers that a client has heard of, and what follows from what they say and from their silence.

Does no I/O and knows no clock: `now` is an argument. PROTOCOL.md 8.3.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from rpcgen.runtime.drivers.kombu.letters import Here
from rpcgen.runtime.errors import ConnectionLost, Draining, RpcgenError
from rpcgen.runtime.peers import Peer, less_busy
from rpcgen.runtime.target import Target

#: Seconds for which a server is believed to be there after it was heard; of silence after which it is lost, if it was asked
#: so often meanwhile: a client that was stopped itself has to ask first.
FRESH: Final = 2.5
SILENCE: Final = 5.0
ASKED: Final = 4

#: Servers that a client remembers.
MAX_STATIONS: Final = 4096


class Station(Peer):
    """A server.

    Attributes:
        queue: of its requests.
        said: what it said of itself last.
        heard: when it was heard last.
        asked: how often it was asked since.
        gone: nothing is to be sent to it any more.
    """

    __slots__ = ("asked", "gone", "heard", "queue", "said", "topics")

    def __init__(self, queue: str, said: Here, now: float) -> None:
        super().__init__(said.server)
        self.queue = queue
        self.said = said
        self.topics = frozenset(said.topics)
        self.heard = now
        self.asked = 0
        self.gone = said.draining

    def serves(self, target: Target) -> bool:
        """Whether messages to a target may go there."""
        return (
            not self.gone
            and (target.exchange, target.topic) in self.topics
            and target.server in (None, self.said.server)
        )


#: Servers that are no more: token, server, and what those are told that wait for it.
Lost = list[tuple[str, Station, RpcgenError]]


class Directory:
    """All of them, by their tokens. Not for several threads at once."""

    def __init__(self) -> None:
        self._stations: dict[str, Station] = {}

    def by_token(self, token: str) -> Station | None:
        """One that was heard of, and is not known to be gone altogether."""
        return self._stations.get(token)

    def here(self, token: str, queue: str, said: Here, now: float) -> Lost:
        """A server says that it is there; what follows for an earlier life of it."""
        known = self._stations.get(token)
        if known is not None and known.said.life != said.life:
            text = f"{known.name} has lost its connection, and perhaps what was sent to it"
            lost: Lost = self._forget([token], ConnectionLost(text))
        elif known is not None:
            known.heard, known.asked = now, 0
            known.gone = known.gone or said.draining
            return []
        else:
            lost = []
        if len(self._stations) < MAX_STATIONS:
            self._stations[token] = Station(queue, said, now)
        return lost

    def ended(self, token: str) -> Lost:
        """A server says that it has ended; it never runs what it has not answered."""
        known = self._stations.get(token)
        return [] if known is None else self._forget([token], Draining(f"{known.name} has stopped"))

    def silent(self, now: float) -> Lost:
        """Those that have not answered for too long."""
        silent = [
            token
            for token, station in self._stations.items()
            if station.asked >= ASKED and now - station.heard > SILENCE
        ]
        return self._forget(silent, ConnectionLost("the server has fallen silent"))

    def drop(self, error: RpcgenError) -> Lost:
        """All: what they answer may not reach us."""
        return self._forget(list(self._stations), error)

    def _forget(self, tokens: Iterable[str], error: RpcgenError) -> Lost:
        lost: Lost = []
        for token in tokens:
            station = self._stations.pop(token)
            station.gone = True
            lost.append((token, station, error))
        return lost

    def asking(self) -> None:
        """All are asked whether they are there."""
        for station in self._stations.values():
            station.asked += 1

    def waited_for(self) -> bool:
        """Whether somebody waits for one of them."""
        return any(station.outstanding for station in self._stations.values())

    def choose(self, target: Target, now: float) -> Station | None:
        """One that can be sent to: the less busy of two that were heard a moment ago, and are not to be spared."""
        found = [each for each in self.serving(target) if now - each.heard <= FRESH]
        return less_busy(found, now)

    def serving(self, target: Target) -> list[Station]:
        """All that serve a target."""
        return [each for each in list(self._stations.values()) if each.serves(target)]

    def all(self) -> list[Station]:
        """All that were heard of."""
        return list(self._stations.values())
