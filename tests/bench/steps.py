"""The steps of one call, without a socket: `python -m tests.bench.steps STUBS ROUNDS` prints a JSON line for each round.

Knows the runtime's core from inside, as nothing else of the benchmark does: it says where a difference of W7 comes from.
"""

from __future__ import annotations

import gc
import json
import sys
import time
from collections.abc import Callable
from importlib import import_module
from types import ModuleType
from typing import Any

import msgspec
from rpcgen.runtime.core.call import Call, Options, Settings, new_call
from rpcgen.runtime.core.codec import MSGPACK
from rpcgen.runtime.core.dispatch import Dispatcher
from rpcgen.runtime.core.opaque import OpaqueCodecs
from rpcgen.runtime.core.pins import Shape
from rpcgen.runtime.core.plan import Plan
from rpcgen.runtime.core.wires.native import NATIVE

from tests.bench import sample

Step = Callable[[], object]
#: Runs of a step in one slice: about a millisecond.
SLICE = {"small": 600, "2 KB": 150}
STEPS = {
    "construct": "client: write the message",
    "gate": "server: find the method",
    "read": "server: read the arguments",
    "reply": "server: write the result",
    "outcome": "client: read the result",
}


class Steps:
    """The steps of the calls of one package, pinned or not."""

    def __init__(self, package: ModuleType, pin: tuple[int, int] | None = None) -> None:
        self._descriptor: Any = import_module(f"{package.__name__}.descriptor")
        self._shape = Shape(self._descriptor.INTERFACE, pin)
        base: Any = package.BenchEndpoint
        endpoint: Any = type("Bench", (base,), {"add": _nothing, "echo": _nothing})()
        self._dispatcher = Dispatcher([endpoint], OpaqueCodecs(None), debug=False)
        instance: Any = msgspec.convert(sample.full_instance(), package.Instance)
        add = self._descriptor.AddArgs(a=1, b=1, carry=1, base=16)
        echo = self._descriptor.EchoArgs(
            instance=instance, reason=sample.REASON, hints=dict(sample.HINTS)
        )
        self.of = {
            "small": self._steps(self._descriptor.ADD, add, 3),
            "2 KB": self._steps(self._descriptor.ECHO, echo, instance),
        }

    def _steps(self, method: Any, arguments: Any, result: Any) -> dict[str, Step]:
        plan, options = Plan(method, Settings(), self._shape), Options()

        def construct() -> Call:
            return new_call(plan, "call", arguments, None, options, None, 0.0)

        call = construct()
        call.id = bytes(16)
        request: Any = MSGPACK.to_server(call.frame(0.0))
        entry = self._dispatcher.entry(request)
        answer: Any = MSGPACK.to_client(entry.reply(request, result, NATIVE))
        call.answer = answer
        return {
            "construct": construct,
            "gate": lambda: self._dispatcher.entry(request),
            "read": lambda: entry.arguments(request, MSGPACK),
            "reply": lambda: entry.reply(request, result, NATIVE),
            "outcome": lambda: plan.outcome(call),
        }


def _nothing(self: object, ctx: object, **arguments: object) -> None:
    """Stand for a handler; none is called."""


def main(stubs: str, rounds: str) -> None:
    """Measure and print; the first round warms up."""
    sys.path.insert(0, stubs)
    plain, dated = import_module("plain_bench"), import_module("dated_bench")
    variants = {"plain": Steps(plain), "versions": Steps(dated), "pinned": Steps(dated, (1, 4))}
    gc.disable()
    for number in range(int(rounds) + 1):
        names = list(variants) if number % 2 else list(reversed(variants))
        for size, runs in SLICE.items():
            for step, label in STEPS.items():
                took = {name: _timed(variants[name].of[size][step], runs) for name in names}
                if number:
                    _print(f"{size}, {label}", took)


def _timed(step: Step, runs: int) -> float:
    """Microseconds a run, the best of three slices: what disturbs only adds."""
    clock, best = time.perf_counter, float("inf")
    for _ in range(3):
        before = clock()
        for _ in range(runs):
            step()
        best = min(best, clock() - before)
    return best / runs * 1e6


def _print(label: str, took: dict[str, float]) -> None:
    plain = took["plain"]
    for name in ("versions", "pinned"):
        us = took[name]
        row = {"plain": plain, "us": us, "more": us - plain, "ratio": us / plain}
        print(json.dumps({"step": f"{label}, {name}", **row}))


if __name__ == "__main__":
    main(*sys.argv[1:])
