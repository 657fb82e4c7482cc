"""A server's core without sockets, fed as the shells feed it, and watched by the judge."""

from __future__ import annotations

import base64
import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

from rpcgen.idl import load
from rpcgen.idl.version import Version
from rpcgen.runtime import Context
from rpcgen.runtime.core.answering import Source
from rpcgen.runtime.core.job import Job
from rpcgen.runtime.core.seen import Seen
from rpcgen.runtime.core.serving import Serving
from rpcgen.runtime.core.settings import ServerSettings
from rpcgen.runtime.core.wires.native import NATIVE, NATIVE_JSON

from tests.compiled import compile_to
from tests.fuzz import strict
from tests.fuzz.fits import fits, hints_of, same
from tests.fuzz.judge import Invalid, Judge
from tests.packages import INTERFACES, import_from
from tests.versions.reference import Converter, Step

#: Package, class, file.
SERVED = (
    ("test_lab", "Lab", INTERFACES / "lab.yaml"),
    ("test_fleet", "Fleet", INTERFACES / "fleet" / "new.yaml"),
    ("test_hard", "Hard", Path(__file__).parent / "hard.yaml"),
)
#: Where frames come from: no listener, for each encoding that a server may usually speak.
SOURCES = Source(None, NATIVE), Source(None, NATIVE_JSON)
CORES = Step("Host.cores", Version(2, 1))


class Finding(AssertionError):
    """A promise that was broken."""


class Ran:
    """One run of a handler, as it saw it."""

    def __init__(self, method: str, arguments: dict[str, Any], context: Context) -> None:
        self.method = method
        self.arguments = arguments
        self.context = context


def packages(directory: Path) -> dict[str, ModuleType]:
    """The generated packages of everything that is served, by package."""
    compile_to(directory, *(file for _, _, file in SERVED))
    return {name: import_from(directory, name) for name, _, _ in SERVED}


class Subject:
    """The server."""

    def __init__(self, modules: dict[str, ModuleType]) -> None:
        self.ran: list[Ran] = []
        self.answers: list[bytes] = []
        self.runs = 0
        #: One of SOURCES; None: half of all frames come from each.
        self.source: Source | None = None
        self.unsure = 0
        self.returns: dict[tuple[str | None, str], Any] = {}
        self._hints: dict[tuple[str | None, str], dict[str, Any]] = {}
        endpoints = [self._endpoint(modules[name], stem) for name, stem, _ in SERVED]
        converters = type(
            "Converters",
            (modules["test_fleet"].FleetServerConverters,),
            {"down_host_cores_until_2_1": lambda self, value: int(value)},
        )()
        self.serving = Serving(endpoints, ServerSettings(converters=(converters,)), self._answer)
        models = [load(file).interface for _, _, file in SERVED]
        namespaces = [endpoint._interface.namespace for endpoint in endpoints]
        self.judge = Judge(
            {name: model for name, model in zip(namespaces, models, strict=True) if model},
            {CORES: Converter(down=int, up=float)},
        )

    def _answer(self, source: Any, caller: Any, frame: bytes) -> bool:
        self.answers.append(frame)
        return True

    def _endpoint(self, module: ModuleType, stem: str) -> Any:
        base: Any = getattr(module, f"{stem}Endpoint")
        made = {
            method.attribute: self._handler(base, method.name, method.attribute, module)
            for method in base._interface.methods
        }
        return type(stem, (base,), made)()

    def _handler(self, base: Any, name: str, attribute: str, module: ModuleType) -> Any:
        hints = dict(hints_of(getattr(base, attribute)))
        returns = self.returns[base._interface.namespace, name] = hints.pop("return")
        hints.pop("ctx")
        self._hints[base._interface.namespace, name] = hints

        def handle(_: object, ctx: Context, **arguments: Any) -> Any:
            self.ran.append(Ran(name, arguments, ctx))
            if name == "fail":
                raise module.Broken("it broke", part="wheel")
            return next((v for v in arguments.values() if fits(v, returns)), _SAMPLES.get(name))

        return handle

    def feed(self, frame: bytes) -> None:
        """One frame, as a worker that runs handlers inline takes it (blocking/workers.py)."""
        serving = self.serving
        serving._seen = Seen()  # many frames have one id
        source = self.source or SOURCES[len(frame) % len(SOURCES)]
        job = serving.accept(source, "caller", frame, time.monotonic())
        if job is None:
            if serving.work.held:
                raise Finding("an idle server let a request wait")
            return
        try:
            self._work(job)
        finally:
            following = serving.work.finish(job)
        if following is not None or serving.work.held:
            raise Finding("work is left over")

    def _work(self, job: Job) -> None:
        serving = self.serving
        try:
            arguments = serving.arguments(job, time.monotonic())
            value = job.entry.call(job.context, arguments)
        except BaseException as error:
            if job.started and not self.ran:
                raise Finding(f"no handler ran, and it counts as started: {error!r}") from error
            serving.failed(job, error)
            if not job.started and self.answers and not _is_refusal(self.answers[0]):
                raise Finding(f"no refusal, but {error!r}") from error
        else:
            serving.done(job, value)

    def check(self, frame: bytes) -> None:
        """Feed one frame; raises Finding if a promise is broken."""
        self.ran.clear()
        self.answers.clear()
        before = self.serving.counters.snapshot()
        self.feed(frame)
        after = self.serving.counters.snapshot()
        if sum(after.values()) <= sum(before.values()):
            raise Finding("a frame was not counted")
        if self.ran:
            self.runs += 1
            self._check_run(frame)
        if len(self.answers) > 1:
            raise Finding(f"{len(self.answers)} answers")
        if self.answers:
            self._check_answer(frame, self.answers[0])
        elif after["received"] > before["received"] and _is_call(frame):
            raise Finding("a call that was read is not answered")

    def _check_run(self, frame: bytes) -> None:
        run = self.ran[0]
        if len(self.ran) > 1:
            raise Finding("two handlers ran")
        hints = self._hints[run.context.namespace, run.method]
        if run.arguments.keys() != hints.keys():
            raise Finding(f"{run.method} was given {sorted(run.arguments)}")
        for name, value in run.arguments.items():
            if not fits(value, hints[name]):
                raise Finding(f"{run.method} was given {name}={value!r:.200}, no {hints[name]}")
        try:
            asked = self.judge.asked(frame)
        except Invalid as why:
            raise Finding(f"{run.method} ran for an invalid request: {why}") from why
        except strict.Unsure:
            self.unsure += 1
            return
        context = run.context
        if (asked.namespace, asked.method, asked.needs) != (
            context.namespace,
            run.method,
            context.needs,
        ):
            raise Finding(f"{run.method} ran, and {asked.method} was asked for")
        given = {name.rstrip("_"): value for name, value in run.arguments.items()}
        for name, value in asked.arguments.items():
            if not self._may_be(given[name], value):
                raise Finding(
                    f"{run.method} was given {name}={given[name]!r:.200}, not {value!r:.200}"
                )

    def _may_be(self, got: Any, said: Any) -> bool:
        """Whether it is what the wire said; or nobody can tell, which is counted."""
        try:
            return same(got, said)
        except strict.Unsure:
            self.unsure += 1
            return True

    def _check_answer(self, frame: bytes, answer: bytes) -> None:
        if (frame[:1] == b"[") != (answer[:1] == b"["):
            raise Finding("the answer has another encoding")
        try:
            said, asked = strict.read(answer), strict.read(frame)
        except strict.Unsure:
            self.unsure += 1
            return
        except strict.Unreadable:  # its arguments are no value
            if not _is_refusal(answer):
                raise Finding("what cannot be read is not refused") from None
            return
        if not isinstance(said, list) or said[0] not in (2, 3, 4, 5):
            raise Finding("the answer is no answer")
        if id_of(said[1]) != id_of(asked[1]):
            raise Finding("the answer has another id")
        if asked[2] != 0:
            raise Finding("a cast was answered")
        if self.ran and said[0] == 5:
            raise Finding("a request that ran was refused")
        if said[0] == 5 and len(answer) > 4096:
            raise Finding(f"a refusal has {len(answer)} bytes")


_SAMPLES: dict[str, Any] = {
    "add": 1, "greet": "hello", "nap": True, "to_host": "s", "newer": "new", "bounded": 1,
    "old_one": 1, "bad_result": 11, "state": "idle", "shelve": "shelved",
}  # fmt: skip


def _is_call(frame: bytes) -> bool:
    try:
        return bool(strict.read(frame)[2] == 0)
    except (strict.Unsure, strict.Unreadable):
        return False


def id_of(said: Any) -> bytes:
    """An id as bytes, in either encoding."""
    return base64.b64decode(said) if isinstance(said, str) else bytes(said)


def _is_refusal(answer: bytes) -> bool:
    return bool(strict.read(answer)[0] == 5)


@contextmanager
def silence() -> Iterator[None]:
    """Without the server's log, which would take most of the time."""
    log = logging.getLogger("rpcgen")
    before, log.disabled = log.level, True
    children = [logging.getLogger("rpcgen.server"), logging.getLogger("rpcgen.client")]
    for child in children:
        child.disabled = True
    try:
        yield
    finally:
        log.disabled = False
        log.setLevel(before)
        for child in children:
            child.disabled = False
