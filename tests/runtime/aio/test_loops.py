"""An asyncio client belongs to the event loop in which it is used first."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest
from rpcgen.runtime import ConfigurationError, Server
from rpcgen.runtime.aio.loops import in_thread

from tests.conformance.lab import Bench, endpoint
from tests.conformance.worlds import Loop
from tests.ports import free_port

OTHER_LOOP = "another event loop; make one in each loop"


@pytest.fixture(params=["memory", "zmq+tcp"])
def client(request: pytest.FixtureRequest, lab: ModuleType) -> Iterator[Any]:
    """A client that was made where there is no loop, and its server."""
    url = "memory://loops" if request.param == "memory" else f"zmq+tcp://127.0.0.1:{free_port()}"
    with Server(url, server="s1", endpoints=[endpoint(lab, Bench(), "s1")]):
        yield lab.AsyncLabClient(url)


def test_a_client_whose_loop_has_ended_says_so(client: Any) -> None:
    """Calls and casts; it can be closed."""
    assert asyncio.run(client.add(a=1, b=2)) == 3
    with pytest.raises(ConfigurationError, match=OTHER_LOOP):
        asyncio.run(client.add(a=1, b=2))
    with pytest.raises(ConfigurationError, match=OTHER_LOOP):
        asyncio.run(client.note(text="a"))
    asyncio.run(client.close())
    with pytest.raises(ConfigurationError, match="closed"):
        asyncio.run(client.add(a=1, b=2))


def test_two_loops_at_once_have_clients_of_their_own(client: Any) -> None:
    """Whoever takes another's is told, and the other goes on."""
    loop = Loop()
    try:
        assert loop.run(client.add(a=1, b=2)) == 3
        with pytest.raises(ConfigurationError, match=OTHER_LOOP):
            asyncio.run(client.add(a=1, b=2))
        with pytest.raises(ConfigurationError, match=OTHER_LOOP):
            asyncio.run(client.note(text="a"))
        assert loop.run(client.add(a=2, b=2)) == 4
        loop.run(client.close())
    finally:
        loop.close()


def test_a_thread_that_outlives_its_loop_is_quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever waited for it was cancelled, and nobody else wants to know."""
    raised, release = list[object](), threading.Event()
    monkeypatch.setattr(threading, "excepthook", raised.append)

    def outlive() -> None:
        release.wait(10.0)

    async def impatient() -> None:
        waiting = asyncio.ensure_future(in_thread(outlive))
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.wait([waiting])

    asyncio.run(impatient())
    [thread] = [each for each in threading.enumerate() if each.name == "rpcgen-wait"]
    release.set()
    thread.join(10.0)
    assert raised == []
