"""An asker in another process, which may run on another host, by another clock, or with little room.

The process is `python -m tests.chaos.programs` with the program `asker`: it reads what to ask, one line of JSON each, and
writes how it ended. Seen from a test it is like `asking.Asker`.
"""

from __future__ import annotations

import sys
import threading
from concurrent.futures import Future
from typing import Any

import msgspec
from msgspec import Struct

from tests.chaos.asking import Asker
from tests.chaos.journal import Ended
from tests.chaos.payloads import payload
from tests.chaos.process import Process


class Order(Struct, frozen=True):
    """What to ask; `size` is that of the luggage, if there is any, or of a note's filler."""

    number: int
    method: str
    options: dict[str, Any]
    size: int = 0


class Said(Struct, frozen=True):
    """The end of what was asked, or the client's counters."""

    number: int
    ended: Ended | None = None
    counters: dict[str, int] = {}


def asker(asker: Asker) -> None:
    """The program."""
    decode, encode = msgspec.json.Decoder(Order).decode, msgspec.json.encode
    lock = threading.Lock()

    def say(said: Said) -> None:
        with lock:
            print(encode(said).decode(), flush=True)

    def carry_out(order: Order) -> None:
        options = dict(order.options)
        if order.method == "carry":
            options["data"] = payload(order.size, order.number)
        elif order.method == "note" and order.size:
            options["filler"] = "x" * order.size
        call = asker.start(order.method, **options)
        call.add_done_callback(lambda done: say(Said(order.number, done.result())))

    print("ready", flush=True)
    for line in sys.stdin:
        order = decode(line)
        if order.method == "counters":
            say(Said(order.number, counters=asker.counters()))
        else:
            carry_out(order)


class RemoteAsker:
    """Asks by way of a process that is ready."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self._lock = threading.Lock()
        self._asked: dict[int, Future[Any]] = {}
        self._number = 0
        threading.Thread(target=self._listen, name="remote-asker", daemon=True).start()

    def _listen(self) -> None:
        decode = msgspec.json.Decoder(Said).decode
        for line in self._process.lines():
            said = decode(line)
            self._asked.pop(said.number).set_result(said.ended or said.counters)

    def start(self, method: str = "work", *, size: int = 0, **options: Any) -> Future[Ended]:
        """As `Asker.start`."""
        return self._order(method, size, options)

    def ask(self, method: str = "work", **options: Any) -> Ended:
        """As `Asker.ask`."""
        return self.start(method, **options).result(60.0)

    def counters(self) -> dict[str, int]:
        """As `Asker.counters`."""
        counted: dict[str, int] = self._order("counters", 0, {}).result(10.0)
        return counted

    def _order(self, method: str, size: int, options: dict[str, Any]) -> Future[Any]:
        future: Future[Any] = Future()
        with self._lock:
            self._number += 1
            self._asked[self._number] = future
            order = Order(self._number, method, options, size)
            self._process.tell(msgspec.json.encode(order).decode())
        return future

    def close(self) -> None:
        """Let it end when it has nothing under way."""
        self._process.end_input()
        self._process.ended(10.0)
