"""The canonical layout: cases that come out as recorded, and promises that hold for every text."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rpcgen.idl.fmt import format as fmt_format
from rpcgen.idl.fmt.format import formatted
from rpcgen.idl.fmt.keys import ranks_for
from rpcgen.idl.grammar import ENVELOPE, ERROR, EVENT, FILE, FORM, LIBRARY, MEMBER, METHOD, TYPE
from rpcgen.idl.shape import Shape
from rpcgen.idl.yamltext.compose import PARSERS

from tests.codegen.random_interfaces import Maker
from tests.idl.cases import case_folders as idl_folders
from tests.idl.fmt.cases import case_folders, check, run_case, sprinkled
from tests.idl.test_fuzz import CORPUS, mutated
from tests.idl.test_parsers import TEXTS

ROOT = Path(__file__).parents[3]
FILES = sorted(
    path
    for folder in ("generated_examples", "tests", "codegen/rpcgen/cli/_demo")
    for path in (ROOT / folder).rglob("*.yaml")
)
OWN = [path.read_text() for folder in case_folders() for path in folder.glob("*.yaml")]
EXAMPLES = [path for path in FILES if "tests" not in path.relative_to(ROOT).parts]


@pytest.mark.parametrize("folder", case_folders(), ids=lambda folder: folder.name)
def test_case_comes_out_as_expected(folder: Path) -> None:
    """A file becomes what is recorded, which keeps every promise."""
    assert (folder / "expected.yaml").read_bytes().decode() == run_case(folder)
    assert check((folder / "input.yaml").read_bytes().decode()) in {"means something", "mended"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_file_of_the_repository_keeps_its_meaning(path: Path) -> None:
    """Meaning, mistakes and comments are the same afterwards, and a second run changes nothing."""
    check(path.read_bytes().decode("utf-8", "replace"))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_examples_are_formatted(path: Path) -> None:
    """What people learn from looks as fmt leaves it."""
    assert formatted(path.read_text()).text == path.read_text()


@settings(max_examples=150, suppress_health_check=list(HealthCheck))
@given(st.integers(0, 2**32))
def test_any_file_keeps_its_meaning(seed: int) -> None:
    """Files of the tests with comments sprinkled over them, and the same with something broken."""
    chance = random.Random(seed)
    check(sprinkled(chance.choice(chance.choice([CORPUS, OWN])), chance))
    check(sprinkled(mutated(seed), chance))


@pytest.mark.parametrize("seed", range(12))
def test_interfaces_made_by_chance_keep_their_meaning(seed: int) -> None:
    """Long names, all kinds of fields, and everything in brackets."""
    text = Maker(seed).make(f"random.p{seed}")
    assert check(sprinkled(text, random.Random(seed))) == "means something"


def test_the_sprinkled_files_are_of_every_kind() -> None:
    """The property would prove little if no file meant anything."""
    kinds = Counter(
        check(sprinkled(random.Random(seed).choice(CORPUS), random.Random(seed)))
        for seed in range(400)
    )
    assert kinds["means something"] > 20
    assert kinds["has mistakes"] > 20


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: repr(text)[:40])
def test_odd_yaml(text: str) -> None:
    """What YAML allows and nobody writes is refused or formatted, never a traceback."""
    check(text)


def keys(shape: Shape, seen: set[int]) -> list[list[str]]:
    """Return the keys of every map below a shape that has keys of the language's."""
    if id(shape) in seen:
        return []
    seen.add(id(shape))
    found = [list(each) for each in (shape.keys, *(shape.variants or {}).values()) if each]
    inner = [shape.items] if shape.items is not None else []
    inner += [shape.entries.value] if shape.entries is not None else []
    for each in (shape.keys or {}, *(shape.variants or {}).values()):
        inner += [key.shape for key in each.values()]
    return found + [names for each in inner for names in keys(each, seen)]


def test_every_key_has_its_place() -> None:
    """A key that the language gains has a place in the order, in every map that can hold it."""
    shapes = (FILE, LIBRARY, TYPE, ERROR, METHOD, EVENT, MEMBER, FORM, ENVELOPE)
    maps = [names for shape in shapes for names in keys(shape, set())]
    assert len(maps) > 20
    for names in maps:
        ranks = ranks_for(names)
        missing = [name for name in names if name not in ranks]
        # A constant can be in the place of a type.
        assert missing in ([], ["doc"]) or "constant" in names, (names, missing)


def test_a_change_of_meaning_is_never_returned(monkeypatch: pytest.MonkeyPatch) -> None:
    """Were the layout wrong, fmt would end with an error and leave the file alone."""
    text = "rpcgen: 1\ntypes: {A: int}  # kept\n"
    for wrong in (
        "rpcgen: 1\ntypes: {A: string}  # kept\n",
        "rpcgen: 1\ntypes: {A: int}\n",
        "rpcgen: 1\ntypes: {A: int, B: int}  # kept\n",
        "rpcgen: 1\ntypes: {A: int  # kept\n",
    ):
        monkeypatch.setattr(fmt_format, "_laid_out", lambda *_, wrong=wrong: wrong)
        with pytest.raises(AssertionError, match="unexpected change of"):
            formatted(text)


def test_default_kind_is_kept() -> None:
    """The kind that stands first is the default one, so the two never change places."""
    head = 'rpcgen: 1\ninterface: a.b\nversion: "1.0"\n\nmethods:\n  go:\n'
    for first, second in (("call", "cast"), ("cast", "call")):
        text = f"{head}    {first}: any\n    {second}: any\n"
        assert formatted(text).text == text


def test_what_is_no_yaml_has_its_mistakes() -> None:
    """There is no layout for it, and the mistakes are those of compile."""
    result = formatted("a: 'b", "x.yaml")
    assert result.text is None
    assert [found.rule for found in result.diagnostics] == ["yaml-syntax"]
    assert formatted("- a").diagnostics[0].rule == "wrong-kind"
    assert formatted("a: 1\na: 2\n").diagnostics[0].rule == "yaml-duplicate-key"


def test_there_are_files_to_format() -> None:
    """The corpus is found."""
    assert len(FILES) > 150
    assert len(idl_folders()) > 80


def test_lines_of_windows() -> None:
    """Line ends of Windows, a byte order mark and a last line without an end make no difference."""
    text = (
        'rpcgen: 1\ninterface: a.b\nversion: "1.0"\nmethods:\n    # one\n    go: {call: any}  # two'
    )
    assert formatted("\ufeff" + text.replace("\n", "\r\n")).text == formatted(text).text


@pytest.mark.skipif("c" not in PARSERS, reason="PyYAML was built without libyaml")
@pytest.mark.parametrize("folder", case_folders(), ids=lambda folder: folder.name)
def test_both_parsers_lead_to_the_same_layout(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a file becomes does not depend on whether libyaml is installed."""
    monkeypatch.delitem(PARSERS, "c")
    assert run_case(folder) == (folder / "expected.yaml").read_bytes().decode()
