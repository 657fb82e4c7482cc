"""Ids of messages are like no others."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor

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


def test_no_two_are_alike() -> None:
    """Whichever threads draw them."""
    with ThreadPoolExecutor(8) as pool:
        drawn = list(pool.map(lambda _: [new_id() for _ in range(1000)], range(8)))
    ids = [each for some in drawn for each in some]
    assert len(set(ids)) == 8000
    assert {len(each) for each in ids} == {ID_BYTES}


def test_a_forks_child_draws_its_own() -> None:
    """Nothing of what its parent has drawn already."""
    assert run([sys.executable, "-c", FORK]).strip() == "510"
