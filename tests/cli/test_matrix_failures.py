"""What `rpcgen matrix` must not overlook: histories that break, and products that do not keep their word."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from rpcgen.cli._inputs import Inputs, Read, read_all
from rpcgen.cli._matrix import releases as releases_module
from rpcgen.cli._matrix import sending
from rpcgen.cli._matrix.cells import Cell, Done, Outcome
from rpcgen.cli._matrix.payloads import Payloads
from rpcgen.cli._matrix.pins import Pins
from rpcgen.cli._matrix.releases import Release, imported
from rpcgen.cli._matrix.run import Result, run
from rpcgen.cli._matrix.sending import Sender
from rpcgen.cli._matrix.servers import Journal
from rpcgen.codegen import generate
from rpcgen.idl.version import Version
from rpcgen.runtime import DeadlineExceeded, VersionPinned

from tests.cli.command import rpcgen

DEPOT = sorted(str(path) for path in (Path(__file__).parent / "upgrades/depot").iterdir())


def _read(*files: str) -> list[Read]:
    return read_all(Inputs(files, (), None), "nothing was run")


#: What changed without a date, and as what each direction (old client, new client) fails.
BROKEN = {
    "a type": (
        "go: {call: any, args: {n: int}}",
        "go: {call: any, args: {n: string}}",
        ({"undecodable"}, {"undecodable"}),
    ),
    "a type, in a cast": (
        "go: {cast: any, args: {n: int}}",
        "go: {cast: any, args: {n: string}}",
        ({"undecodable"}, {"undecodable"}),
    ),
    "the name of an argument": (
        "go: {call: any, args: {n: int}}",
        "go: {call: any, args: {m: int}}",
        ({"undecodable"}, {"undecodable"}),
    ),
    "the name of a result's field": (
        "go: {call: any, returns: Old}",
        "go: {call: any, returns: New}",
        ({"misread"}, {"misread"}),
    ),
    "a value of a closed enum": (
        "go: {call: any, returns: Few}",
        "go: {call: any, returns: More}",
        ({"undecodable"}, set()),
    ),
    "a whole method": (
        "here: {call: any}",
        "here: {call: any}\n  go: {call: any}",
        (set(), {"refused"}),
    ),
    "a method that is cast": (
        "here: {call: any}",
        "here: {call: any}\n  go: {cast: any}",
        (set(), {"unheard"}),
    ),
    "the kind": ("go: {call: any}", "go: {cast: any}", ({"refused"}, {"unheard"})),
    "what it returns": (
        "go: {call: any, returns: int}",
        "go: {call: any, returns: bool}",
        ({"undecodable"}, {"undecodable"}),
    ),
    "the topic": (
        "go: {call: any, topic: old}",
        "go: {call: any, topic: new}",
        ({"unreached"}, {"unreached"}),
    ),
}

TYPES = """types:
  Old: {fields: {a: int, b: string?}}
  New: {fields: {a: int, c: string?}}
  Few: {enum: [one]}
  More: {enum: [one, two]}
"""


def write(folder: Path, old: str, new: str) -> list[str]:
    """Two files of one interface."""
    files: list[str] = []
    for version, methods in (("1.0", old), ("1.1", new)):
        file = folder / f"broken-{version}.yaml"
        file.write_text(
            f'rpcgen: 1\ninterface: test.broken\nversion: "{version}"\n{TYPES}methods:\n  {methods}\n'
        )
        files.append(str(file))
    return files


@pytest.mark.parametrize("what", BROKEN)
def test_what_changed_without_a_date_fails(what: str, tmp_path: Path) -> None:
    """Each way is named for what happens, the command ends with 1, and each version still gets on with itself."""
    old, new, expected = BROKEN[what]
    done = rpcgen("matrix", *write(tmp_path, old, new), "--pin", "none", "--format", "json")
    assert (done.code, done.err) == (1, "")
    failed = [cell for cell in json.loads(done.out)["cells"] if cell["failed"]]
    # A client of 1.1 is only promised something by a server of 1.0 if its message says that it needs 1.0.
    for client, server, outcomes in (("1.0", "1.1", expected[0]), ("1.1", "1.0", expected[1])):
        found = {cell["outcome"] for cell in failed if cell["client"] == client}
        assert found == ({*outcomes} - ({"unreached"} if client == "1.1" else set())), what
        assert all(
            cell["server"] == server and cell["detail"]
            for cell in failed
            if cell["client"] == client
        )


def test_failures_are_told_once_each(tmp_path: Path) -> None:
    """The table counts failures, and one entry stands for all that say the same."""
    old, new, _ = BROKEN["a type"]
    done = rpcgen("matrix", *write(tmp_path, old, new))
    assert done.code == 1
    assert "FAILED 2 undecodable" in done.out
    assert done.out.count("undecodable: go, call to any, payload minimal\n") == 2
    assert "MistypedArgument: " in done.out
    assert " and " in done.out
    assert "undecodable; " in done.out.splitlines()[-1]


def test_failures_are_failures_of_junit(tmp_path: Path) -> None:
    """A failure has its outcome as type, and what was wrong as message."""
    old, new, _ = BROKEN["a type"]
    done = rpcgen("matrix", *write(tmp_path, old, new), "--format", "junit")
    assert done.code == 1
    root = ElementTree.fromstring(done.out)
    failures = root.findall("testsuite/testcase/failure")
    assert len(failures) == int(root.attrib["failures"]) > 0
    assert {each.attrib["type"] for each in failures} == {"undecodable"}
    assert all("MistypedArgument" in each.attrib["message"] for each in failures)


def test_what_no_value_is_found_for_is_skipped(tmp_path: Path) -> None:
    """A pattern that is beyond the search is no failure, and is shown."""
    pattern = '{type: string, pattern: "^(?:ab|c)d{40}e$", size: 1..3}'
    file = tmp_path / "hard.yaml"
    file.write_text(
        f'rpcgen: 1\ninterface: test.hard\nversion: "1.0"\nmethods:\n  go: {{call: any, args: {{code: {pattern}}}}}\n'
    )
    done = rpcgen("matrix", str(file))
    assert done.code == 0
    assert "2 skipped; none failed" in done.out
    root = ElementTree.fromstring(rpcgen("matrix", str(file), "--format", "junit").out)
    assert root.attrib["skipped"] == "2"
    told = [each.attrib["message"] for each in root.findall("testsuite/testcase/skipped")]
    assert len(told) == 2
    assert all(each.startswith("found no text that matches '^(?:ab|c)d{40}e$'") for each in told)


# --- a product that does not keep its word -----------------------------------------------------------------------------


def run_with(change: Callable[[str, str], str], monkeypatch: pytest.MonkeyPatch) -> Result:
    """The depot's matrix with other generated code."""

    def changed(interface: Any, names: Any) -> dict[str, str]:
        found = generate(interface, names)
        return {path: change(path, text) for path, text in found.items()}

    monkeypatch.setattr(releases_module, "generate", changed)
    found = _read(*DEPOT)
    with imported(found) as releases:
        return run(releases, Pins(releases, []), [], lambda done, total: None)


def replacing(old: str, new: str) -> Callable[[str, str], str]:
    """A change of descriptors."""
    return lambda path, text: text.replace(old, new) if path.endswith("descriptor.py") else text


@pytest.mark.parametrize(
    ("old", "new", "outcome", "detail"),
    [
        ('"sealed": "filled"', '"sealed": "empty"', Outcome.MISREAD, "sent 'filled', got 'empty'"),
        (
            '"seal": Part(since=_V_1_1)',
            '"seal": Part(since=_V_1_1, older="drop")',
            Outcome.MISREAD,
            "though it was set",
        ),
        (
            '"seal": Part(since=_V_1_1)',
            '"seal": Part()',
            Outcome.UNDECODABLE,
            "unknown argument 'seal'",
        ),
        ('((1, 2), "shelf")', '((1, 2), "shelve")', Outcome.UNDECODABLE, "'shelve'"),
        ('Form((1, 2), name="count")', 'Form((1, 2), name="tally")', Outcome.REFUSED, "tally"),
        (
            'since=_V_1_2),\n    also=("store",)',
            'since=_V_1_2),\n    also=("stall",)',
            Outcome.UNREACHED,
            "stall",
        ),
    ],
)
def test_a_wrong_table_is_seen(
    old: str, new: str, outcome: Outcome, detail: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A mistake in what was generated fails as what it does to a message."""
    result = run_with(replacing(old, new), monkeypatch)
    assert any(each.outcome is outcome and detail in each.detail for each in result.failed)


def test_nothing_is_left_behind() -> None:
    """Generated packages are no longer imported after a run."""
    import sys

    before = set(sys.modules), list(sys.path)
    found = _read(*DEPOT[:1])
    with imported(found):
        pass
    assert (set(sys.modules), list(sys.path)) == before


# --- outcomes that take a sick transport ------------------------------------------------------------------------------


class Sick:
    """A client of which every method does the same."""

    def __init__(self, does: Callable[[], Any]) -> None:
        self._does = does

    def prepare(self, **options: Any) -> Sick:
        """As a client."""
        return self

    def __getattr__(self, name: str) -> Callable[..., Any]:
        return lambda **keywords: self._does()


def raising(error: Exception) -> Callable[[], Any]:
    """Does nothing but raise."""

    def does() -> Any:
        raise error

    return does


def send(does: Callable[[], Any], writes: str = "1.1") -> Done:
    """A minimal cast of 1.1's client that ends like this."""
    found = _read(*DEPOT[1:2])
    with imported(found) as releases:
        return Sender(Sick(does), Journal()).send(_cell(releases[0], writes))


def _cell(release: Release, writes: str) -> Cell:
    method = release.interface.methods["close"]
    major, _, minor = writes.partition(".")
    version = Version(int(major), int(minor))
    asked = Payloads(release).asked(method)[0]
    return Cell(release, writes, version, release, method, method.routes[0], asked)


def test_no_answer_is_a_timeout() -> None:
    """A deadline that passes is a failure."""
    done = send(raising(DeadlineExceeded("too late")))
    assert (done.outcome, done.failed) == (Outcome.TIMEOUT, True)


def test_a_cast_of_which_nothing_is_heard_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    """A cast that is neither handled nor refused is a failure."""
    monkeypatch.setattr(sending, "PATIENCE", 0.01)
    done = send(lambda: None)
    assert (done.outcome, done.failed) == (Outcome.LOST, True)


def test_anything_else_is_an_error() -> None:
    """An exception that nobody expects is a failure, and is shown."""
    done = send(raising(RuntimeError("a bug")))
    assert (done.outcome, done.failed, done.detail) == (Outcome.ERROR, True, "RuntimeError: a bug")


def test_a_needless_refusal_of_the_client_is_a_failure() -> None:
    """A pin that has a place for a message is no reason to refuse it."""
    done = send(raising(VersionPinned("no")), writes="1.0")
    assert (done.outcome, done.failed) == (Outcome.PINNED, True)
    assert "nothing in it is newer" in done.detail
