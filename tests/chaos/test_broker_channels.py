"""RabbitMQ closes a channel: who is not to blame does not notice."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from rpcgen.runtime import NotSent, Server, TooLarge, Unknown

from tests.chaos.fleet import report
from tests.chaos.keeper import Journal, endpoint
from tests.compiled import compile_to
from tests.conformance.waiting import eventually
from tests.packages import INTERFACES, import_from
from tests.rabbitd import RabbitServer

pytestmark = pytest.mark.timeout(120)

#: Bytes of the largest message that the broker takes; seconds that it waits for an acknowledgement, and for a look at that.
LARGEST, PATIENCE = 1_000_000, 3


#: What makes a node displeased soon, for the channels that are opened from then on.
STRICT = {
    "max_message_size": LARGEST,
    "consumer_timeout": PATIENCE * 1000,
    "channel_tick_interval": 500,
}


@pytest.fixture(scope="module")
def strict(mortal: RabbitServer) -> Iterator[RabbitServer]:
    """A node that is soon displeased, for a while."""
    with ExitStack() as stack:
        for name, value in STRICT.items():
            before = mortal.evaluate(
                f"{{ok, Value}} = application:get_env(rabbit, {name}), io:write(Value)."
            )
            stack.callback(mortal.evaluate, f"application:set_env(rabbit, {name}, {before}).")
            mortal.evaluate(f"application:set_env(rabbit, {name}, {value}).")
        yield mortal


@pytest.fixture(scope="module")
def keep(tmp_path_factory: pytest.TempPathFactory) -> ModuleType:
    directory = tmp_path_factory.mktemp("keep")
    compile_to(directory, INTERFACES / "keep.yaml")
    return import_from(directory, "test_keep")


class Scene:
    """A server, what it ran, and a client."""

    def __init__(self, keep: Any, broker: RabbitServer, journal: Path) -> None:
        self._journal = journal
        self.prefix = f"test-{time.monotonic_ns()}"
        url = broker.url(f"prefix={self.prefix}")
        self.server = Server(
            url,
            server="s1",
            endpoints=[endpoint(keep, Journal(str(journal)), "s1")],
            drain_timeout=0.0,
        )
        self.client = keep.KeepClient(url)
        self.server.start()

    @property
    def intake(self) -> Any:
        return self.server._listeners[0]._desk._intake

    def ran(self) -> list[str]:
        """Ticket and attempt of everything that ran."""
        lines = self._journal.read_text().splitlines()
        return [f"{ticket} {attempt}" for ticket, attempt, _ in map(str.split, lines)]


@pytest.fixture
def scene(keep: ModuleType, strict: RabbitServer, tmp_path: Path) -> Iterator[Scene]:
    made = Scene(keep, strict, tmp_path / "journal")
    try:
        yield made
    finally:
        made.client.close()
        made.server.stop(0.0)


class Others:
    """Calls all the time, beside: how long each took, and how many met no server for a moment."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self.took: list[float] = []
        self.harmed: Counter[str] = Counter()

    def call(self, over: threading.Event) -> None:
        """Call until then."""
        number = 0
        while not over.wait(0.005):
            number += 1
            began = time.monotonic()
            try:
                ticket = f"other{threading.get_ident()}-{number}"
                self._client.prepare(timeout=2.0).ask(ticket=ticket)
            except (NotSent, Unknown) as error:
                self.harmed[type(error).__name__] += 1
            self.took.append(time.monotonic() - began)

    def __str__(self) -> str:
        return f"{dict(self.harmed) or 0} of {len(self.took)}, slowest {max(self.took):.3f} s"


@contextmanager
def others(client: Any) -> Iterator[Others]:
    """Call from four threads meanwhile."""
    made, over = Others(client), threading.Event()
    with ThreadPoolExecutor(4) as pool:
        calling = [pool.submit(made.call, over) for _ in range(4)]
        try:
            yield made
        finally:
            over.set()
            for each in calling:
                each.result(10.0)


def closed(scene: Scene, kept: bool) -> Callable[[], bool]:
    """Whether the server has had to open the channel again since now."""
    name = "_kept" if kept else "_berth"
    before = getattr(scene.intake, name)
    return lambda: getattr(scene.intake, name) is not before


def held(broker: RabbitServer, prefix: str) -> int:
    """Kept messages in the queues of a prefix, also those that a server has; calls are acknowledged many at once, and later."""
    return broker.messages(f"{prefix}.keep", f"{prefix}.dead")


def test_a_handler_takes_longer_than_the_broker_waits(scene: Scene, strict: RabbitServer) -> None:
    """F21: of what is kept; its channel is closed, the handler goes on for what comes again, and calls do not notice."""
    again = closed(scene, kept=True)
    seconds = PATIENCE + 2.0
    with others(scene.client) as beside:
        scene.client.order(ticket="kept", seconds=seconds)
        began = time.monotonic()
        eventually(again, PATIENCE + 10.0)
        after = time.monotonic() - began
        began = time.monotonic()
        scene.client.order(ticket="next")
        eventually(lambda: "next 1" in scene.ran())
        back = time.monotonic() - began
        eventually(lambda: held(strict, scene.prefix) == 0, seconds + 5.0)
    assert [each for each in scene.ran() if each.startswith("kept")] == ["kept 1"]
    assert not beside.harmed
    assert back <= 5.0
    report(
        f"F21 a handler of {seconds:g} s where the broker waits for {PATIENCE} s, amqp",
        "0 others harmed, it runs once and is done with, consuming again in 5 s",
        f"{beside}, once, channel closed after {after:.3f} s, the next ran {back:.3f} s later",
    )


def test_an_acknowledgement_of_nothing(scene: Scene) -> None:
    """F21: the broker closes the channel, and with it what was just on its way by it; it is open again at once."""
    again = closed(scene, kept=False)
    with others(scene.client) as beside, ThreadPoolExecutor(1) as pool:
        slow = pool.submit(scene.client.prepare(timeout=10.0).ask, ticket="slow", seconds=1.0)
        eventually(lambda: "slow 1" in scene.ran())
        scene.intake._berth._acks._done.append(999_999)  # as if it had come
        began = time.monotonic()
        eventually(again, 5.0)
        back = time.monotonic() - began
        assert slow.result(10.0) == "s1"
        calls = len(beside.took)
        eventually(lambda: len(beside.took) > calls + 20)
    assert scene.ran().count("slow 1") == 1
    # What was on its way ends as Unknown, one call of each thread at most; the rest may be sent again.
    assert beside.harmed.total() - beside.harmed["NotSent"] <= 4
    report(
        "F21 an acknowledgement of what never came, amqp",
        "what runs is answered, at most what the 4 others had just sent is lost, consuming again in 5 s",
        f"{beside}, after {back:.3f} s",
    )


def test_a_message_is_too_large_for_the_broker(scene: Scene) -> None:
    """F21: it alone is refused, as TooLarge; what was published beside it is not, also if it is kept."""
    large = "x" * (LARGEST + LARGEST // 2)
    stored: list[str] = []
    with others(scene.client) as beside, ThreadPoolExecutor(2) as pool:

        def store() -> None:
            for number in range(200):
                scene.client.prepare(timeout=10.0).order(ticket=f"kept{number}")
                stored.append(f"kept{number}")

        storing = pool.submit(store)
        refused: list[float] = []
        for turn in range(10):
            began = time.monotonic()
            method = scene.client.ask if turn % 2 else scene.client.order
            with pytest.raises(TooLarge, match=f"larger than configured max size {LARGEST}"):
                method(ticket=large)
            refused.append(time.monotonic() - began)
        storing.result(30.0)
        eventually(lambda: {f"{each} 1" for each in stored} <= set(scene.ran()))
    twice = len(scene.ran()) - len(set(scene.ran()))
    assert len(stored) == 200
    assert not beside.harmed
    assert twice == 0
    report(
        f"F21 {len(refused)} messages of {len(large)} bytes where the broker takes {LARGEST}, amqp",
        "TooLarge, 0 others harmed, 0 of 200 kept casts lost, 0 run twice without a word",
        f"after {max(refused):.3f} s at most, {beside}, 0, {twice}",
    )
