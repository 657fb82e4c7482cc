"""`rpcgen bump` on files that several interfaces import: dates there name each interface that is bumped."""

from __future__ import annotations

from pathlib import Path

import pytest
from rpcgen.cli.main import run

SHOP = """rpcgen: 1
interface: town.shop
version: "1.0"
imports: [common.yaml]
methods:
  put: {cast: any, args: {item: Item}}
events:
  done: {payload: Done}
  noted: {payload: Note}
"""
#: Sends what the shop publishes, too, and has versions of its own.
BANK = """rpcgen: 1
interface: town.bank
version: "3.7"
imports: [common.yaml]
methods:
  pay: {cast: any, args: {item: Item?}}
  write: {cast: any, args: {note: Note}}
"""
COMMON = """rpcgen: 1
types:
  Item:  # what is sold
    fields:
      id: int
      note: string
      tags: {type: "list[string]", size: 0..5}  # few
      mode: Mode
      side: Side
      part: Part
      gift: Gift?
  Mode: {enum: [a, b]}
  Side:
    enum:
      - value: left   # or so
        doc: That side.
      - right
  Part: {union: {a: A}}
  A: {fields: {n: int}}
  Gift: {enum: {BIG: big}}
  Note: {fields: {id: int}}
  Done:
    fields:
      id: int
"""

#: When it began for each.
SINCE = 'since: {town.bank: "3.8", town.shop: "1.1"}'
#: What is done to the imported file, and what becomes of it.
DATED = [
    ("gift: Gift?\n", "      more: int?\n", f"      more: {{type: int?, {SINCE}}}\n"),
    (
        "gift: Gift?\n",
        '      more: "list[string]? = []"  # more\n',
        f'      more: {{type: "list[string]?", default: [], {SINCE}}}  # more\n',
    ),
    (
        "gift: Gift?\n",
        "      more:\n        # Much.\n        type: int?\n",
        f"      more:\n        # Much.\n        {SINCE}\n        type: int?\n",
    ),
    ("enum: [a, b", ", c", f", {{value: c, {SINCE}}}"),
    ("- right\n", '      - "no"\n', f'      - {{value: "no", {SINCE}}}\n'),
    (
        "- right\n",
        "      - value: top  # new\n        doc: Above.\n",
        f"      - {SINCE}\n        value: top  # new\n        doc: Above.\n",
    ),
    ("{BIG: big", ", SMALL: small", f", SMALL: {{value: small, {SINCE}}}"),
    ("{union: {a: A", ", b: A", f", b: {{type: A, {SINCE}}}"),
    ("Mode: {", "open: true, ", f"open: {{{SINCE}}}, "),
]
#: What becomes wider, and how the file then tells what it was.
WIDENED = [
    (
        "note: string\n",
        "note: string?\n",
        'note: {type: string?, was_type: {town.bank: {"3.8": string}, town.shop: {"1.1": string}}}\n',
    ),
    (
        '{type: "list[string]", size: 0..5}',
        '{type: "list[string]", size: 0..9}',
        '{was_type: {town.bank: {"3.8": {type: "list[string]", size: 0..5}}, '
        'town.shop: {"1.1": {type: "list[string]", size: 0..5}}}, type: "list[string]", size: 0..9}',
    ),
]

Output = pytest.CaptureFixture[str]


@pytest.fixture
def common(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Output) -> Path:
    """A file that two interfaces import, after the first release of each."""
    (tmp_path / ".git").mkdir()
    monkeypatch.chdir(tmp_path)
    for name, text in (("shop", SHOP), ("bank", BANK), ("common", COMMON)):
        (tmp_path / f"{name}.yaml").write_text(text)
    assert run(["release", "shop.yaml", "bank.yaml"]) == 0
    capsys.readouterr()
    return tmp_path / "common.yaml"


@pytest.mark.parametrize(
    ("old", "new", "dated"),
    [*((old, old + new, old + dated) for old, new, dated in DATED), *WIDENED],
)
def test_what_is_new_is_dated_for_each(
    common: Path, capsys: Output, old: str, new: str, dated: str
) -> None:
    """Both versions rise, the date of each stands where it belongs, the rest stays, and the check of both passes."""
    common.write_text(COMMON.replace(old, new, 1))
    files = ["shop.yaml", "./bank.yaml"]
    assert run(["bump", *files]) == 1
    assert common.read_text() == COMMON.replace(old, new, 1)
    assert run(["bump", "--write", *files]) == 0
    assert common.read_text() == COMMON.replace(old, dated, 1)
    assert run(["check", *files]) == 0
    capsys.readouterr()
    assert run(["bump", *files]) == 0
    assert capsys.readouterr() == ("", "town.shop: 1.1 fits\ntown.bank: 3.8 fits\n")


def test_one_after_the_other(common: Path, capsys: Output) -> None:
    """An interface whose file was not given has its own dates written when it is; those of the other stay."""
    common.write_text(COMMON.replace("gift: Gift?", "gift: Gift?\n      more: int?"))
    assert run(["bump", "--write", "shop.yaml"]) == 0
    assert 'more: {type: int?, since: {town.shop: "1.1"}}\n' in common.read_text()
    assert run(["check", "shop.yaml"]) == 0
    assert run(["check", "bank.yaml"]) == 1
    assert run(["bump", "--write", "bank.yaml"]) == 0
    assert f"more: {{type: int?, {SINCE}}}\n" in common.read_text()
    assert run(["check", "shop.yaml", "bank.yaml"]) == 0


def test_who_does_not_reach_it_is_not_named(common: Path, capsys: Output) -> None:
    """Only the shop publishes what was added to, so the bank keeps its version, and has no date there."""
    common.write_text(f"{COMMON}      when: datetime?\n")
    assert run(["bump", "--write", "shop.yaml", "bank.yaml"]) == 0
    assert capsys.readouterr().err == "town.shop: 1.0 -> 1.1\ntown.bank: 3.7 fits\n"
    assert common.read_text() == (
        f'{COMMON}      when: {{type: datetime?, since: {{town.shop: "1.1"}}}}\n'
    )
    assert run(["check", "shop.yaml", "bank.yaml"]) == 0


def test_what_breaks_one_is_dated_for_the_other(common: Path, capsys: Output) -> None:
    """A required field that is new is a minor change of what is published, if it has a date, and a major one of what is sent."""
    common.write_text(
        COMMON.replace("Note: {fields: {id: int", "Note: {fields: {id: int, size: int")
    )
    assert run(["bump", "--write", "shop.yaml", "bank.yaml"]) == 0
    assert capsys.readouterr().err == "town.shop: 1.0 -> 1.1\ntown.bank: 3.7 -> 4.0\n"
    assert 'size: {type: int, since: {town.shop: "1.1"}}' in common.read_text()
    assert run(["check", "shop.yaml", "bank.yaml"]) == 0


def test_a_type_with_a_version_of_its_own_is_raised(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Dates in it count on that version, whoever imports it; a second interface, and a second run, find it raised."""
    monkeypatch.chdir(tmp_path)
    common = tmp_path / "common.yaml"
    common.write_text(
        'rpcgen: 1\ntypes:\n  Done:\n    version: "2.3"  # of its own\n    fields: {id: int}\n'
    )
    for name in ("shop", "bank"):
        (tmp_path / f"{name}.yaml").write_text(
            f'rpcgen: 1\ninterface: town.{name}\nversion: "1.0"\nimports: [common.yaml]\n'
            "types:\n  Mine: {version: '1.0', fields: {id: int}}\n"
            "events: {done: {payload: Done}, mine: {payload: Mine}}\n"
        )
        assert run(["release", f"{name}.yaml"]) == 0
    common.write_text(common.read_text().replace("id: int", "id: int, note: string?, who: string"))
    shop = tmp_path / "shop.yaml"
    shop.write_text(shop.read_text().replace("id: int", "id: int, more: int?"))
    capsys.readouterr()
    assert run(["bump", "--write", "shop.yaml", "bank.yaml"]) == 0
    assert capsys.readouterr().err == "town.shop: 1.0 -> 1.1\ntown.bank: 1.0 -> 1.1\n"
    assert 'version: "2.4"  # of its own\n    fields: {id: int, note: string? since 2.4, who' in (
        common.read_text()
    )
    assert 'Mine: {version: "1.1", fields: {id: int, more: int? since 1.1}}' in shop.read_text()
    assert run(["check", "shop.yaml", "bank.yaml"]) == 0
    assert run(["bump", "shop.yaml", "bank.yaml"]) == 0
