"""How the times of two pieces of work compare. Knows no limit."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from typing import Final

#: Rounds that both are measured in turn, at least; and at most, while one may have been slowed in each so far.
ROUNDS: Final = 3
MOST: Final = 12


def times_as_long(much: Callable[[], object], little: Callable[[], object], limit: float) -> float:
    """Return how many times as long as a little much takes; rounds go on while that is above a limit.

    Times are of the processor, the best of several. Both are measured in turn: a neighbour that comes for some seconds
    makes everything slower, not one side. The collector rests, as in `timeit`: when it looks at all that the tests before
    have left is no matter of the work.
    """
    bests = [float("inf"), float("inf")]
    gc.collect()
    gc.disable()
    try:
        for number in range(MOST):
            bests = [
                min(best, _seconds(work)) for best, work in zip(bests, (much, little), strict=True)
            ]
            if number + 1 >= ROUNDS and bests[0] < limit * bests[1]:
                break
    finally:
        gc.enable()
    return bests[0] / bests[1]


def _seconds(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start
