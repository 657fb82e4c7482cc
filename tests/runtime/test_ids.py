"""Ids of messages are like no others."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from rpcgen.runtime.core.envelope import ID_BYTES
from rpcgen.runtime.ids import new_id

from tests.bench.programs import run

FORK = """
import os
from rpcgen.runtime.ids import new_id

new_id()
reading, writing = os.pipe()
if os.fork() == 0:
    os.write(writing, b"".join(new_id() for _ in range(255)))
    os._exit(0)
os.close(writing)
theirs = os.fdopen(reading, "rb").read()
mine = b"".join(new_id() for _ in range(255))
os.wait()
print(len({both[i : i + 16] for both in (mine, theirs) for i in range(0, len(both), 16)}))
"""


@pytest.fixture
def hurried() -> Iterator[None]:
    """Threads take turns as often as they can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def test_no_two_are_alike(hurried: None) -> None:
    """Whichever threads draw them."""
    together = Barrier(4)

    def draw() -> list[bytes]:
        together.wait(10.0)
        return [new_id() for _ in range(10_000)]

    with ThreadPoolExecutor(4) as pool:
        drawing = [pool.submit(draw) for _ in range(4)]
    ids = [each for some in drawing for each in some.result()]
    assert len(set(ids)) == 40_000
    assert {len(each) for each in ids} == {ID_BYTES}


def test_a_forks_child_draws_its_own() -> None:
    """Nothing of what its parent has drawn already."""
    assert run([sys.executable, "-c", FORK]).strip() == "510"
