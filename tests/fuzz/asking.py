"""A client's core without sockets: calls that wait for answers, and whatever comes instead of them."""

from __future__ import annotations

import time
from types import ModuleType
from typing import Any

import msgspec
from rpcgen.runtime.core.call import Call, Options, Settings, new_call
from rpcgen.runtime.core.calls import Calls, wants_room
from rpcgen.runtime.core.codec import CODECS, MSGPACK
from rpcgen.runtime.core.envelope import Request
from rpcgen.runtime.core.pins import Shape
from rpcgen.runtime.core.plan import Plan
from rpcgen.runtime.core.wires.native import native_wire
from rpcgen.runtime.counters import ClientCounters
from rpcgen.runtime.errors import RpcgenError
from rpcgen.runtime.peers import Peer

from tests.fuzz import strict
from tests.fuzz.fits import fits
from tests.fuzz.seeds import requests
from tests.fuzz.served import Finding, Subject, id_of
from tests.fuzz.wire import JSON, write
from tests.fuzz.wire import MSGPACK as PACKED


class Asking:
    """One call for each good request, all of them waiting for one server; a call that was answered is sent again.

    Args:
        modules: the generated packages.
        encoding: of the calls.
    """

    def __init__(self, modules: dict[str, ModuleType], encoding: str) -> None:
        self.encoding = encoding
        self.values = self.errors = 0
        self.plain: list[list[Any]] = []
        self.frames: list[bytes] = []
        self.calls = Calls(lambda: b"", ClientCounters(), native_wire(CODECS[encoding]))
        self._peer, self._other = Peer("asked"), Peer("other")
        self._returns: dict[bytes, Any] = {}
        subject = Subject(modules)
        for elements in requests():
            if elements[2] == 0:
                self._ask(subject, elements)

    def _ask(self, subject: Subject, elements: list[Any]) -> None:
        """Send a call, and have a server answer it, for the answers to be mutated."""
        subject.answers.clear()
        subject.feed(write(elements, self.encoding))
        (answer,) = subject.answers
        self.frames.append(answer)
        subject.answers.clear()
        subject.feed(write(elements, PACKED))
        self.plain += [_writable(strict.read(subject.answers[0])), *_others(elements[1])]
        self.frames += [write(each, self.encoding) for each in _others(elements[1])]
        call = self._call(subject, elements)
        self.calls.open(call, self._peer, time.monotonic())

    def _call(self, subject: Subject, elements: list[Any]) -> Call:
        request: Any = MSGPACK.to_server(write(elements, PACKED))
        assert isinstance(request, Request)
        entry = subject.serving.dispatcher.entry(request)
        method = entry.method
        self._returns[request.id] = subject.returns[method.interface.namespace, method.name]
        pin = (request.major, request.minor)
        shape = Shape(method.interface, None if pin == method.interface.version else pin)
        plan = Plan(method, Settings(wire=native_wire(CODECS[self.encoding])), shape)
        arguments: msgspec.Struct = entry.arguments(request, MSGPACK)
        options = Options(server=None if method.destination is None else "s")
        call = new_call(plan, "call", arguments, None, options, None, time.monotonic())
        call.id = request.id
        return call

    def check(self, frame: bytes) -> None:
        """A frame comes, first from somebody else; raises Finding if a promise is broken."""
        now, calls = time.monotonic(), self.calls
        waiting = len(calls.pending)
        if calls.receive(self._other, frame, now):
            raise Finding("an answer from another server counts")
        before = sum(calls.counters.snapshot().values())
        answered = calls.receive(self._peer, frame, now)
        if len(calls.pending) != waiting - len(answered):
            raise Finding(f"{len(answered)} calls were answered, {len(calls.pending)} still wait")
        for call in answered:
            try:
                self._check_answer(call, frame)
                calls.again(call, None, now, self._other if wants_room(call, None) else None)
            finally:
                calls.open(call, self._peer, now)
        if len(answered) > 1 or self._peer.outstanding != waiting:
            raise Finding(f"{len(answered)} calls were answered, and {waiting} are not counted")
        if sum(calls.counters.snapshot().values()) == before and not _is_beat(frame):
            raise Finding("a frame was not counted")

    def _check_answer(self, call: Call, frame: bytes) -> None:
        try:
            value = call.plan.outcome(call)
        except RpcgenError:
            self.errors += 1
            return
        self.values += 1
        if not fits(value, self._returns[call.id]):
            raise Finding(f"{call.method} returned {value!r:.200}, no {self._returns[call.id]}")
        if (frame[:1] == b"[") != (self.encoding == JSON):
            raise Finding("an answer in another encoding than the call counts")
        try:
            said = strict.read(frame)
        except strict.Unsure:
            return
        except strict.Unreadable as error:
            raise Finding(
                f"{call.method} returned {value!r:.200} from no frame: {error}"
            ) from error
        if said[0] != 2 or id_of(said[1]) != call.id:
            raise Finding(f"{call.method} returned {value!r:.200}, and that is no reply to it")


def _writable(value: Any) -> Any:
    """The same with text for times, which JSON has no other form for."""
    if isinstance(value, dict):
        return {key: _writable(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_writable(each) for each in value]
    return "2026-01-02T03:04:05Z" if isinstance(value, strict.Extension) else value


def _others(call_id: bytes) -> list[list[Any]]:
    """Other answers to a call."""
    return [
        [3, call_id, "Broken", "it broke", {"part": "wheel", "times": 2}, None],
        [4, call_id, "raised", "KeyError", "a bug", "Traceback"],
        [5, call_id, "overloaded", "too much", None, 0.5],
        [6, call_id],
    ]


def _is_beat(frame: bytes) -> bool:
    try:
        said = strict.read(frame)
    except (strict.Unreadable, strict.Unsure):
        return True
    return bool(said[0] == 6)
