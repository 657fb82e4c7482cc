"""Every change that costs a major and shows in a message comes with one, confirmed by generated code of both sides."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from rpcgen.cli._examples.find import examples, fails
from rpcgen.cli._examples.sides import both
from rpcgen.cli.main import run
from rpcgen.idl import Interface
from rpcgen.idl.compat import Finding, Verdict, compare
from rpcgen.idl.compat.change import Change

from tests.cli.test_check import BROKEN, FIRST
from tests.idl.compat.cases import case_folders, interface_at, interface_of

Output = pytest.CaptureFixture[str]

#: Changes whose messages both sides can read, and take for something else: a text for a UUID, a struct for a map.
UNSEEN = {"request-struct-to-map", "request-uuid-to-string"}


def _asking(folder: Path) -> tuple[Interface, Interface, list[Finding]]:
    """The two files of a case, and the findings that a message has to show."""
    old, new = interface_at(folder / "old.yaml"), interface_at(folder / "new.yaml")
    asking: list[Finding] = []
    for finding in compare(old, new).findings:
        change = finding.change
        if finding.wire == Verdict.MAJOR and not finding.unseen and change and change.root.reader:
            asking.append(finding)
    return old, new, asking


MAJOR = [folder for folder in case_folders() if _asking(folder)[2]]


@pytest.mark.parametrize("folder", MAJOR, ids=lambda folder: folder.name)
def test_a_major_change_of_a_payload_is_shown_by_a_message(folder: Path) -> None:
    """One side writes the message, and the other fails on it or takes it for something else."""
    old, new, asking = _asking(folder)
    shown = examples(old, new, asking)
    missing = [each.rule for each in asking if each.fingerprint not in shown]
    assert bool(missing) == (folder.name in UNSEEN), missing
    for finding in asking:
        example = shown.get(finding.fingerprint)
        if example is not None and finding.change is not None:
            with both(old, new, [finding.change.root]) as sides:
                again = fails(finding.change, example.writer, example.message, *sides)
            assert again == example.failure


def _example(before: str, after: str) -> tuple[str, str, str]:
    old, new = interface_of(before, "1.3"), interface_of(after, "1.4")
    asking = [each for each in compare(old, new).findings if each.wire == Verdict.MAJOR]
    (example,) = examples(old, new, asking).values()
    return example.writer, example.text, str(example.failure)


DEEP = """types:
  State: {enum: STATES}
  Inner: {fields: {size: int, state: State, note: string?}}
methods:
  get: {call: any, returns: "list[map[string, Inner]]"}
"""


def test_messages_are_as_small_as_they_can_be() -> None:
    """Nothing is in a message but what leads to the part, and what has to be there."""
    writer, message, failure = _example(
        DEEP.replace("STATES", "[a, b]"), DEEP.replace("STATES", "[a, b, c since 1.4]")
    )
    assert (writer, message) == ("new", '[{"a": {"state": "c", "size": 0}}]')
    assert "[0].a.state" in failure


BUSY = """types:
  State: {enum: [a, STATE]}
  Item: {fields: {size: SIZE, state: State, note: string}}
methods:
  put: {call: any, args: {item: Item}}
"""


def test_of_many_breaks_each_is_shown_by_a_message_that_fails_on_it() -> None:
    """A reader complains of the first thing that does not fit, so what changed stands first."""
    old = interface_of(BUSY.replace("STATE]", "b]").replace("SIZE", "int"), "1.3")
    new = BUSY.replace("STATE]", "c]").replace("SIZE", "string").replace(", note: string", "")
    findings = compare(old, now := interface_of(new, "1.4")).findings
    asking = {each.fingerprint: each.rule for each in findings if each.wire == Verdict.MAJOR}
    shown = {
        asking[key]: each for key, each in examples(old, now, findings).items() if key in asking
    }
    assert {rule: each.text for rule, each in shown.items()} == {
        "type-changed": '{"item": {"size": 0, "state": "a", "note": ""}}',
        "request-enum-value-removed": '{"item": {"state": "b", "size": 0, "note": ""}}',
        "request-field-removed": '{"item": {"note": "", "size": 0, "state": "a"}}',
    }
    assert all(each.failure.own for each in shown.values())


def test_a_message_that_fails_on_another_change_says_so() -> None:
    """What is missing is found last, after all that does not fit."""
    old = interface_of("methods: {put: {call: any, args: {size: int}}}", "1.3")
    now = interface_of("methods: {put: {call: any, args: {size: string, note: string}}}", "1.4")
    findings = compare(old, now).findings
    asking = {each.rule: each.fingerprint for each in findings}
    shown = examples(old, now, findings)
    missing = shown[asking["request-required-field-added"]]
    assert not missing.failure.own
    assert str(missing.failure) == (
        "MistypedArgument: argument 'size' is int, expected text (another change, which is met first)"
    )
    assert shown[asking["type-changed"]].failure.own


def test_a_constant_is_written_as_it_is() -> None:
    """Nobody ever writes another value of it."""
    method = "methods: {put: {call: any, args: {id: int ARGS}}}"
    constant = ", kind: {type: string, constant: disk}"
    _, message, _ = _example(method.replace(" ARGS", constant), method.replace(" ARGS", ""))
    assert message == '{"kind": "disk", "id": 0}'


def test_a_change_that_breaks_nothing_has_no_message() -> None:
    """The search finds nothing where there is nothing, so what it finds means something."""
    text = DEEP.replace("STATES", "[a, b]")
    old, new = interface_of(text, "1.3"), interface_of(text, "1.4")
    breaking = compare(old, interface_of(DEEP.replace("STATES", "[a]"), "1.4")).findings
    (change,) = [each.change for each in breaking]
    assert isinstance(change, Change)
    assert examples(old, new, breaking) == {}


@pytest.fixture
def broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Output) -> Path:
    """A released interface that was broken afterwards, with its messages kept."""
    (tmp_path / ".git").mkdir()
    monkeypatch.chdir(tmp_path)
    (tmp_path / "shop.yaml").write_text(FIRST)
    assert run(["release", "shop.yaml"]) == 0
    (tmp_path / "shop.yaml").write_text(BROKEN)
    assert run(["check", "shop.yaml", "--write-cases", "messages"]) == 1
    capsys.readouterr()
    return tmp_path


def test_a_folder_of_no_messages_can_be_tried(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Output
) -> None:
    """Where nothing breaks, there is nothing to keep; the folder is made nevertheless."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "shop.yaml").write_text(FIRST)
    assert run(["check", "shop.yaml", "--write-cases", "kept/messages"]) == 0
    assert run(["check", "shop.yaml", "--cases", "kept/messages"]) == 0
    assert capsys.readouterr().err == ""
    assert run(["check", "shop.yaml", "--write-cases", "shop.yaml/messages"]) == 2
    said = "rpcgen check: shop.yaml/messages cannot be written: not a directory\n"
    assert capsys.readouterr().err == said


def test_the_check_shows_the_message(broken: Path, capsys: Output) -> None:
    """People see it with the finding, programs in the JSON."""
    assert run(["check", "shop.yaml"]) == 1
    assert '  a 1.0 client fails on "moving": MistypedArgument: ' in capsys.readouterr().out
    assert run(["check", "shop.yaml", "--format", "json"]) == 1
    (one,) = json.loads(capsys.readouterr().out)["interfaces"]
    (shown,) = [each["counterexample"] for each in one["findings"] if each["counterexample"]]
    assert shown["message"] == "moving"
    assert (shown["writer"], shown["reader"]) == ("1.0 server", "1.0 client")


def test_a_new_major_shows_what_it_breaks_when_asked(broken: Path, capsys: Output) -> None:
    """What passes because the major is new has its message, too, where it is shown."""
    (broken / "shop.yaml").write_text(BROKEN.replace('"1.0"', '"2.0"'))
    assert run(["check", "shop.yaml"]) == 0
    assert "fails on" not in capsys.readouterr().out
    assert run(["check", "shop.yaml", "--all"]) == 0
    assert '  a 1.0 client fails on "moving": ' in capsys.readouterr().out


def test_kept_messages_fail_until_the_break_is_mended(broken: Path, capsys: Output) -> None:
    """A kept message is tried again: it fails on what broke it, and passes when it is never written or can be read."""
    (file,) = (broken / "messages").iterdir()
    assert run(["check", "shop.yaml", "--cases", "messages"]) == 1
    said = capsys.readouterr().out
    assert f"messages/{file.name}:1:1: error[kept-message-broken]" in said
    # The message is no text that has lines to be shown.
    assert "\n  ^\n" not in said
    mended = BROKEN.replace('"1.0"', '"1.1"').replace(
        "moving]}", "moving since 1.1], fallback: {moving: closed}}"
    )
    (broken / "shop.yaml").write_text(mended)
    assert run(["check", "shop.yaml", "--cases", "messages"]) == 0


def test_messages_that_cannot_be_tried(broken: Path, capsys: Output) -> None:
    """A folder that is not there, or holds something else, is a mistake."""
    assert run(["check", "shop.yaml", "--cases", "nowhere"]) == 2


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{}", "it lacks 'format'"),
        ("[]", "it is no object"),
        ("[" * 100_000, "what it holds is nested too deeply"),
        ('{"format": 2}', "its format is 2, expected 1"),
        ('"writer": "nobody"', "its writer is 'nobody', expected old or new"),
        ('"reader": "nobody"', "its reader is 'nobody', expected request or result or error"),
        ('"release": "one"', "'one' is no version"),
    ],
)
def test_a_file_that_holds_something_else(
    broken: Path, capsys: Output, text: str, why: str
) -> None:
    """It is named, with what is wrong with it."""
    (file,) = (broken / "messages").iterdir()
    key, of_one, _ = text.partition('": "')
    file.write_text(re.sub(f'{key}": [^,]*', text, file.read_text()) if of_one else text)
    assert run(["check", "shop.yaml", "--cases", "messages"]) == 2
    said = f"rpcgen check: messages/{file.name} is no message that --write-cases kept: {why}"
    assert capsys.readouterr().err.startswith(said)


def test_a_message_that_cannot_be_read(broken: Path, capsys: Output) -> None:
    """A folder in its place is told in the system's words."""
    (file,) = (broken / "messages").iterdir()
    file.unlink()
    file.mkdir()
    assert run(["check", "shop.yaml", "--cases", "messages"]) == 2
    assert f"messages/{file.name} cannot be read: is a directory\n" in capsys.readouterr().err


def test_a_message_of_what_is_gone(broken: Path) -> None:
    """Nobody writes it to anybody: that its method was removed is a finding of its own."""
    gone = re.sub("  state: .*\n", "", BROKEN).replace('"1.0"', '"2.0"')
    (broken / "shop.yaml").write_text(gone)
    assert run(["check", "shop.yaml", "--cases", "messages"]) == 0
