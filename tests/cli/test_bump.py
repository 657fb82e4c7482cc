"""`rpcgen bump` and `rpcgen diff` as a user runs them."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from rpcgen.cli.main import run

FIRST = """rpcgen: 1
interface: town.shop
version: "1.0"
target: {topic: shop}
types:
  State: {enum: [open, closed]}  # how it is
  Mode: {enum: [a, b]}
  Item:
    fields:
      id: int
  Name: {type: string, size: 0..6}  # short
  A: {fields: {n: int, name: Name?}}
  U: {union: {a: A}}
methods:
  put:
    cast: any
    args:
      item: Item
      mode: Mode
      u: U?
      count: {type: int, max: 10, default: 1}
  state: {call: any, args: {tags: "list[string]", size: int}, returns: string}
events:
  done: {payload: Item}
"""

#: Where the first release is kept.
KEPT = "rpcgen.lock/town.shop/1.0.json"

#: What is done to the file, and what the dates make of it.
DATED = [
    ("[open, closed]", "[open, closed]", "[open, closed]"),
    ("enum: [a, b]", "enum: [a, b, c]", "enum: [a, b, c since 1.1]"),
    (
        "enum: [a, b]",
        "enum: [a, b, {value: c, doc: C.}]",
        '[a, b, {since: "1.1", value: c, doc: C.}]',
    ),
    (
        "{enum: [a, b]}",
        "\n    enum:\n    - a\n    - b\n    - value: c  # sea\n      doc: C.",
        '    - since: "1.1"\n      value: c  # sea\n      doc: C.',
    ),
    ("enum: [a, b]", "open: true, enum: [a, b]", 'open: {since: "1.1"}, enum: [a, b]'),
    ("      id: int\n", "      id: int\n      note: string?\n", "      note: string? since 1.1\n"),
    ("{a: A}", "{a: A, b: A}", "{a: A, b: A since 1.1}"),
    ("cast: any", "cast: [any, fanout]", "cast: [any, fanout since 1.1]"),
    ("cast: any", "cast: any\n    call: any", "    call: any since 1.1\n"),
    (
        '"list[string]"',
        '"list[string]?"',
        'tags: {type: "list[string]?", was_type: {"1.1": "list[string]"}}',
    ),
    ("size: int", "size: float = 1.5", 'size: {type: float, default: 1.5, was_type: {"1.1": int}}'),
    ("size: int", 'size: int, "yes": int?', '"yes": int? since 1.1'),
    ("0..6", "0..9", 'name: {type: Name?, was_type: {"1.1": {type: string?, size: 0..6}}}'),
    (
        "{type: int, max: 10, default: 1}",
        "{type: int, max: 20, default: 1}",
        '{was_type: {"1.1": {type: int, max: 10, default: 1}}, type: int, max: 20, default: 1}',
    ),
    (
        "target: {topic: shop}",
        "target: {topic: new-shop, also: [shop]}",
        'target: {topic: {name: new-shop, since: "1.1"}, also: [shop]}',
    ),
    ("events:", "  stop: {cast: any}\nevents:", '  stop: {since: "1.1", cast: any}\n'),
    (
        "events:",
        "  go:\n    doc: Goes.\n    cast: any\nevents:",
        '  go:\n    since: "1.1"\n    doc: Goes.\n',
    ),
    (
        "events:\n",
        "events:\n  begun: {payload: Item}\n",
        '  begun: {since: "1.1", payload: Item}\n',
    ),
]

Output = pytest.CaptureFixture[str]


@pytest.fixture
def released(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Output) -> Path:
    """An interface after its first release."""
    (tmp_path / ".git").mkdir()
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "shop.yaml"
    file.write_text(FIRST)
    assert run(["release", "shop.yaml"]) == 0
    capsys.readouterr()
    return file


@pytest.mark.parametrize(("old", "new", "dated"), DATED[1:])
def test_what_is_new_is_dated(
    released: Path, capsys: Output, old: str, new: str, dated: str
) -> None:
    """The version rises, the date is written where it belongs, the rest stays, and the check passes."""
    released.write_text(FIRST.replace(old, new, 1))
    assert run(["bump", "shop.yaml"]) == 1
    assert released.read_text() == FIRST.replace(old, new, 1)
    assert run(["bump", "--write", "shop.yaml"]) == 0
    text = released.read_text()
    assert 'version: "1.1"\n' in text
    assert dated in text
    assert "# how it is" in text
    assert run(["check", "shop.yaml"]) == 0
    assert run(["bump", "shop.yaml"]) == 0
    assert capsys.readouterr().err.endswith("town.shop: 1.1 fits\n")


def test_a_date_can_make_a_minor_of_a_major(released: Path) -> None:
    """A required field of an event is a major change without a date, and a minor one with it."""
    text = FIRST.replace("      item: Item\n", "").replace("id: int", "id: int\n      size: int")
    released.write_text(FIRST.replace("      item: Item\n", ""))
    assert run(["release", "shop.yaml"]) == 1
    released.write_text(text.replace('"1.0"', '"2.0"').replace("      size: int\n", ""))
    assert run(["release", "shop.yaml"]) == 0
    released.write_text(text.replace('"1.0"', '"2.0"'))
    assert run(["bump", "--write", "shop.yaml"]) == 0
    assert 'version: "2.1"' in released.read_text()
    assert "size: int since 2.1" in released.read_text()
    assert run(["check", "shop.yaml"]) == 0


def test_what_breaks_gets_the_next_major(released: Path, capsys: Output) -> None:
    """A removal cannot be dated; the next major needs no dates."""
    released.write_text(FIRST.replace("      id: int\n", "      number: int\n"))
    assert run(["bump", "--write", "shop.yaml"]) == 0
    assert 'version: "2.0"' in released.read_text()
    assert "since" not in released.read_text()
    assert run(["check", "shop.yaml"]) == 0


def test_nothing_released_and_nothing_changed(released: Path, capsys: Output) -> None:
    """Without a reason the version stays."""
    assert run(["bump", "--write", "shop.yaml"]) == 0
    assert run(["bump", "--write", "shop.yaml", "--lock", "elsewhere"]) == 0
    assert released.read_text() == FIRST
    assert "nothing was ever released; 1.0 stays" in capsys.readouterr().err


def test_a_diff_is_told_in_markdown(released: Path, capsys: Output) -> None:
    """What breaks, what is new, what changed and what is deprecated, each under its heading."""
    text = FIRST.replace('"1.0"', '"1.1"').replace("enum: [a, b]", "enum: [a, b, c since 1.1]")
    text = text.replace("size: int}", "color: string}").replace(
        "cast: any", "timeout: 5s\n    deprecated: {use: state}\n    cast: any"
    )
    released.with_name("new.yaml").write_text(text)
    assert run(["diff", "shop.yaml", "new.yaml"]) == 0
    assert capsys.readouterr().out == (
        "## town.shop 1.1\n\nSince 1.0: major changes.\n\n"
        "### Breaks\n\n- `state.size` was removed, sent with state\n"
        "- `state.color` was added, sent with state, and has to be given\n\n"
        "### New\n\n- The enum `Mode` gained `c`, sent with put\n\n"
        "### Changed\n\n- The timeout of `put` was lowered from no timeout (60s) to timeout: 5s\n\n"
        "### Deprecated\n\n- `put`: use `state`\n"
    )


def test_a_diff_of_releases(released: Path, capsys: Output) -> None:
    """What was kept can be compared, too; what is not there is 3."""
    assert run(["diff", "rpcgen.lock/town.shop/1.0.json", "shop.yaml"]) == 0
    assert "nothing that counts changed" in capsys.readouterr().out
    assert run(["diff", "nowhere.yaml", "shop.yaml"]) == 3
    assert run(["diff", "rpcgen.lock", "nowhere.yaml"]) == 2


def test_a_diff_with_what_was_released_before(released: Path, capsys: Output) -> None:
    """Without OLD it is the last release before the file's version; in a project no file has to be named."""
    text = FIRST.replace('"1.0"', '"1.1"').replace("enum: [a, b]", "enum: [a, b, c since 1.1]")
    released.write_text(text)
    told = "## town.shop 1.1\n\nSince 1.0: minor changes.\n\n### New\n\n- The enum `Mode` gained `c`, sent with put\n"
    assert run(["diff", "shop.yaml"]) == 0
    assert capsys.readouterr().out == told
    assert run(["release", "shop.yaml"]) == 0
    (released.parent / "pyproject.toml").write_text('[tool.rpcgen]\nfiles = ["*.yaml"]\n')
    capsys.readouterr()
    assert run(["diff"]) == 0
    assert capsys.readouterr().out == told
    assert run(["diff", "shop.yaml", "--lock", "elsewhere"]) == 0
    assert capsys.readouterr() == ("", "town.shop: nothing was ever released\n")
    assert run(["diff", "one", "two", "three"]) == 2


@pytest.mark.parametrize(
    "command",
    [
        ["bump", "shop.yaml"],
        ["bump", "--write", "shop.yaml"],
        ["bump", "shop.yaml", "--against", "rpcgen.lock"],
        ["diff", "shop.yaml"],
        ["diff", KEPT, "shop.yaml"],
        ["diff", "shop.yaml", KEPT],
    ],
    ids=" ".join,
)
def test_a_release_that_was_changed_afterwards_is_refused(
    released: Path, capsys: Output, command: list[str]
) -> None:
    """What `rpcgen check` refuses nothing else goes by, unless the project waives it."""
    kept = released.parent / KEPT
    kept.write_text(kept.read_text().replace('"closed"', '"shut"'))
    assert run(["check", "shop.yaml"]) == 1
    found = f"{KEPT}:1:1: error[history-rewritten]: what is kept of 1.0 is not what was released: its digest differs\n"
    checked = capsys.readouterr().out
    assert checked.startswith(found)
    assert run(command) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(found)
    assert err.splitlines()[-1] in (
        "rpcgen bump: nothing was bumped",
        "rpcgen diff: nothing was compared",
    )
    assert released.read_text() == FIRST
    (fingerprint,) = re.findall("waive: fingerprint (.*)", err)
    assert f"fingerprint {fingerprint}" in checked
    waiver = f'fingerprint = "{fingerprint}"\nreason = "the disk did it"\nuntil = "2.0"\n'
    table = f'[tool.rpcgen]\nfiles = ["*.yaml"]\n[[tool.rpcgen.waivers]]\n{waiver}'
    released.with_name("pyproject.toml").write_text(table)
    run(command)
    assert "history-rewritten" not in capsys.readouterr().err


def test_a_version_that_fits_another_file(released: Path, capsys: Output) -> None:
    """What is compared with may be said, as `rpcgen check` takes it."""
    old = released.with_name("old.yaml")
    old.write_text(FIRST.replace('"1.0"', '"1.4"'))
    released.write_text(FIRST.replace('"1.0"', '"1.4"').replace("[a, b]", "[a, b, c]"))
    assert run(["bump", "--write", "--against", "old.yaml", "shop.yaml"]) == 0
    assert "c since 1.5" in released.read_text()
    assert run(["check", "--against", "old.yaml", "shop.yaml"]) == 0


def test_what_is_waived_asks_for_nothing(released: Path, capsys: Output) -> None:
    """The version is the one that the check asks for, as long as the waiver holds for it."""
    released.write_text(
        FIRST.replace("returns: string}", "returns: int}").replace("[a, b]", "[a, b, c]")
    )
    assert run(["check", "shop.yaml", "--format", "json"]) == 1
    findings = json.loads(capsys.readouterr().out)["interfaces"][0]["findings"]
    mark = next(each["fingerprint"] for each in findings if each["rule"] == "type-changed")
    waiver = f'[[tool.rpcgen.waivers]]\nfingerprint = "{mark}"\nreason = "nobody reads it"\n'
    project = released.with_name("pyproject.toml")
    project.write_text(f'{waiver}until = "1.1"\n')
    assert run(["bump", "shop.yaml"]) == 1
    assert "town.shop: 1.0 -> 2.0\n" in capsys.readouterr().err
    project.write_text(f'{waiver}until = "1.2"\n')
    assert run(["bump", "--write", "shop.yaml"]) == 0
    assert "town.shop: 1.0 -> 1.1\n" in capsys.readouterr().err
    assert "c since 1.1" in released.read_text()
    assert run(["check", "shop.yaml"]) == 0


def test_an_alias_that_stays_is_named(released: Path) -> None:
    """What a field was is said by the alias that it had, as long as that says the same."""
    text = FIRST.replace("size: int}", "size: int, title: Name}")
    released.write_text(text.replace('"1.0"', '"2.0"'))
    assert run(["release", "shop.yaml"]) == 0
    released.write_text(text.replace('"1.0"', '"2.0"').replace("title: Name", "title: Name?"))
    assert run(["bump", "--write", "shop.yaml"]) == 0
    assert 'title: {type: Name?, was_type: {"2.1": Name}}' in released.read_text()
