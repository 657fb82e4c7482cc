"""The suite notices a server that checks too little: each of these mistakes is found."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec
import pytest
from rpcgen.runtime.core import entry as entries
from rpcgen.runtime.core import leaves, serving, walk
from rpcgen.runtime.core.calls import Calls
from rpcgen.runtime.core.codec import MSGPACK, Codec
from rpcgen.runtime.core.dispatch import Dispatcher
from rpcgen.runtime.core.envelope import Cancel
from rpcgen.runtime.core.plan import Plan
from rpcgen.runtime.core.reading import Reader
from rpcgen.runtime.core.versions.answers import VersionedReader
from rpcgen.runtime.core.versions.lift import Lifting

from tests.fuzz import campaign
from tests.fuzz.asking import Asking
from tests.fuzz.mutations import Hostile
from tests.fuzz.seeds import frames, requests
from tests.fuzz.served import Subject, silence

FRAMES = 40_000


def _no_validation(self: Any, data: Any, codec: Codec = MSGPACK) -> Any:
    """As if the bytes were believed: whatever is given becomes the arguments."""
    given = codec.untyped(data)
    of = self._of
    names = dict(zip(of.__struct_encode_fields__, of.__struct_fields__, strict=True))
    made = msgspec.defstruct("Made", [(name, Any, None) for name in of.__struct_fields__])
    return made(**{names[name]: value for name, value in given.items() if name in names})


def _tolerant(original: Callable[..., None]) -> Callable[..., None]:
    def init(self: Any, of: Any, hook: Any = None, *, strict: bool) -> None:
        original(self, of, hook, strict=False)
        self._decoder = lambda codec: lambda data: self._walk(data, codec)

    return init


def _even_if_expired(arguments: Any) -> Any:
    def read(self: Any, job: Any, now: float) -> Any:
        job.expires = None
        return arguments(self, job, now)

    return read


def _any_version(self: Any, request: Any) -> None:
    return None


def _bool_is_int(walk: Any, node: Any, value: Any, path: Any) -> Any:
    return value


def _crash(self: Any, request: Any) -> Any:
    raise ZeroDivisionError


def _not_refused(call_id: bytes, error: Any) -> Any:
    return Cancel(call_id)


def _from_anybody(original: Callable[..., Any]) -> Callable[..., Any]:
    def receive(self: Any, peer: Any, arrival: Any, now: float) -> Any:
        anybody = next(iter(self.pending.values())).peer
        return original(self, anybody, arrival, now)

    return receive


PLANTS: dict[str, tuple[Any, str, Any]] = {
    "no validation": (Reader, "read", _no_validation),
    "tolerant reading": (Reader, "__init__", _tolerant(Reader.__init__)),
    "expired requests run": (
        serving.Serving,
        "arguments",
        _even_if_expired(serving.Serving.arguments),
    ),
    "no version gate": (entries.Entry, "_refusal", _any_version),
    "newer parts are taken": (Lifting, "visit", lambda self, node: None),
    "unique is not checked": (walk, "_check_extra", lambda extra, value, path: None),
    "an exception escapes": (Dispatcher, "_unknown", _crash),
    "another frame is no refusal": (serving, "refusal", _not_refused),
    "bounds are not checked": (leaves, "check_size", lambda *args: None),
}


@pytest.mark.parametrize("name", PLANTS)
def test_mistakes_are_found(
    fuzzed: dict[str, ModuleType], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    """A mistake in the product ends in findings."""
    monkeypatch.setattr(*PLANTS[name])
    monkeypatch.setattr(campaign, "ENOUGH", 1)
    subject = Subject(fuzzed)
    hostile = Hostile(7, requests(), frames())
    with silence():
        tally = campaign.run(subject.check, hostile.frames(FRAMES), tmp_path)
    assert tally.findings, name


CLIENT_PLANTS: dict[str, tuple[Any, str, Any]] = {
    "no validation": (VersionedReader, "read", lambda self, data, codec: codec.untyped(data)),
    "an exception escapes": (Plan, "outcome", _crash),
    "any server may answer": (Calls, "receive", _from_anybody(Calls.receive)),
    "a call is not closed": (Calls, "close", lambda self, call: False),
}


@pytest.mark.parametrize("name", CLIENT_PLANTS)
def test_mistakes_of_a_client_are_found(
    fuzzed: dict[str, ModuleType], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    """A mistake in the product ends in findings."""
    monkeypatch.setattr(*CLIENT_PLANTS[name])
    monkeypatch.setattr(campaign, "ENOUGH", 1)
    with silence():
        asking = Asking(fuzzed, MSGPACK.name)
        hostile = Hostile(7, asking.plain, asking.frames)
        tally = campaign.run(asking.check, hostile.frames(FRAMES), tmp_path, "client")
    assert tally.findings, name


def test_without_a_mistake_nothing_is_found(fuzzed: dict[str, ModuleType], tmp_path: Path) -> None:
    """The same frames find nothing in the product as it is."""
    subject = Subject(fuzzed)
    with silence():
        tally = campaign.run(subject.check, Hostile(7, requests(), frames()).frames(6000), tmp_path)
    assert tally.findings == {}
