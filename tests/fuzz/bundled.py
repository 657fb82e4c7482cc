"""Hostile bundles, a second reader that decides what is in one, and the driver's two ends between real sockets."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from random import Random
from typing import Any

from tests.bare import BUNDLE, HELLO, BareClient, BareServer, bundle
from tests.fuzz import strict
from tests.fuzz.mutations import Hostile
from tests.fuzz.served import Finding
from tests.runtime.drivers.zeromq.parts import SIDES, TOPIC, eventually
from tests.runtime.drivers.zeromq.served import SERVED

#: Messages after which both ends are compared, and seconds until they have to agree.
PART, LIMIT = 50, 5.0
#: What ends a part: whoever has it has all that came before.
MARK = b"the end of a part"

_FRAMES: tuple[Any, ...] = (
    b"a", b"one", b"\x00", b"\xc0", b"\xc2", b"\x9c\x01", b"[1,2]", b"x" * 31, b"x" * 256, b"x" * 70_000,
)  # fmt: skip
_BAD: tuple[Any, ...] = (b"", HELLO, b"\xc1", b"\xc1\x04\x91\x01", bundle(b"a", b"b"), "text", 5, None, [b"a"])  # fmt: skip
_COUNTS = (0, 1, 2, 2, 3, 5, 15, 16, 63, 64, 64, 65, 66, 200)


def frames_in(body: bytes) -> list[bytes] | None:
    """What a bundle gives, after its head; None if it is malformed. Raises strict.Unsure."""
    if body[:1] == b"[":  # a number in MessagePack; the other encoding has no bundles
        return None
    try:
        said = strict.read(body)
    except strict.Unreadable:
        return None
    if not isinstance(said, list) or not 2 <= len(said) <= 64:
        return None
    if not all(isinstance(each, bytes) and each and each[0] != 0xC1 for each in said):
        return None
    return said


def bodies(seed: int, count: int) -> Iterator[bytes]:
    """So many bundles without their heads: a third good or nearly so, the rest mutated ones."""
    random = Random(seed)
    good = [_body(random) for _ in range(100)]
    hostile = Hostile(seed, [], good)
    for _ in range(count):
        dice = random.random()
        yield (
            _body(random) if dice < 0.35 else hostile.mutated() if dice < 0.95 else hostile.noise()
        )


def _body(random: Random) -> bytes:
    frames = [random.choice(_FRAMES[:-1]) for _ in range(random.choice(_COUNTS))]
    if frames and random.random() < 0.1:
        frames[random.randrange(len(frames))] = _FRAMES[-1]
    if frames and random.random() < 0.3:
        frames[random.randrange(len(frames))] = random.choice(_BAD)
    return bundle(*frames)[len(BUNDLE) :]


def bundled(seed: int, frames: Iterable[bytes]) -> Iterator[bytes]:
    """The same frames as messages: alone, or several together, some of those with what may not be in a bundle."""
    random = Random(seed)
    together: list[bytes] = []
    size = 1
    for frame in frames:
        fits = frame and frame[0] != 0xC1
        if fits or random.random() < 0.1:
            together.append(frame)
        else:
            yield frame
        if len(together) >= size:
            yield together[0] if len(together) == 1 else bundle(*together)
            together, size = [], random.choice((1, 1, 1, 1, 2, 3, 7, 20, 64))
            if random.random() < 0.01:
                size = 65
    yield from together


class Ends:
    """A driver's end, a bare socket at the other, and what has to come of what is said.

    Args:
        say: sends a message to the driver's end.
        arrived: all frames that it has given its program.
        malformed: how many messages it has counted.
    """

    def __init__(
        self,
        say: Callable[[bytes], None],
        arrived: Callable[[], list[bytes]],
        malformed: Callable[[], int],
    ) -> None:
        self._say = say
        self._arrived = arrived
        self._malformed = malformed
        self.good = self.bad = 0

    def check(self, part: Iterable[bytes]) -> None:
        """Say bundles; raises Finding if other frames arrive than are in the good ones, or the counter is wrong."""
        begun, counted = len(self._arrived()), self._malformed()
        expected: list[bytes] = []
        bad = 0
        for body in part:
            try:
                frames = frames_in(body)
            except strict.Unsure:
                continue
            expected += frames or []
            bad += frames is None
            self.good += frames is not None
            self._say(BUNDLE + body)
        self.bad += bad
        self._say(MARK)
        found = self._until_marked(begun)
        if found != [*expected, MARK]:
            raise Finding(f"{len(found)} frames arrived, and {len(expected) + 1} were good")
        if self._malformed() - counted != bad:
            raise Finding(
                f"{self._malformed() - counted} messages were counted, and {bad} were bad"
            )

    def _until_marked(self, begun: int) -> list[bytes]:
        found: list[bytes] = []

        def marked() -> bool:
            found[:] = self._arrived()[begun:]
            return found[-1:] == [MARK]

        eventually(marked, LIMIT)
        return found


class ServerEnds:
    """A listener of a world, and a bare client."""

    def __init__(self, world: str, url: str) -> None:
        self._served = SERVED[world](url)
        self._client = BareClient(self._served.listener.addresses[0])
        self.ends = Ends(
            self._say,
            lambda: self._served.seen,
            lambda: self._served.listener.counters["malformed"],
        )

    def _say(self, message: bytes) -> None:
        self._client.say(message)
        while self._client.socket.poll(0):  # the answers
            self._client.socket.recv()

    def close(self) -> None:
        self._client.close()
        self._served.close()


class ClientEnds:
    """A client of a world, and a bare server."""

    def __init__(self, world: str, url: str) -> None:
        self._server = BareServer(url.removeprefix("zmq+"))
        self._client = SIDES[world](url)
        self._peer = self._client.route(TOPIC)
        self._server.greeted()
        self._found: list[bytes] = []
        self.ends = Ends(
            self._server.say, self._arrived, lambda: self._client.driver.counters["malformed"]
        )

    def _arrived(self) -> list[bytes]:
        self._client.send_together(self._peer, ())  # gives the client its turn
        arrivals = self._client.arrivals(lambda _: True)
        self._found += [frame for _, frame in arrivals if isinstance(frame, bytes)]
        return self._found

    def close(self) -> None:
        self._client.end()
        self._server.close()
