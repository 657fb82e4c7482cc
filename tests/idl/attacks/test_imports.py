"""Hostile imports: circles, long chains, diamonds, ways out of the roots."""

from __future__ import annotations

from pathlib import Path

import pytest
from rpcgen.idl import load

from tests.idl.attacks.reading import refused, rules_of
from tests.idl.cases import PREAMBLE


def write_files(folder: Path, files: dict[str, str]) -> Path:
    """Write files; return the first."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder / next(iter(files))


def library(*imports: str) -> str:
    """Return a library that imports others."""
    return f"rpcgen: 1\nimports: [{', '.join(imports)}]\n"


@pytest.mark.parametrize("length", [1, 2, 50])
def test_import_cycles_are_named_in_full(tmp_path: Path, length: int) -> None:
    """However long the circle is."""
    files = {"main.yaml": PREAMBLE + "imports: [f0.yaml]\n"}
    files |= {
        f"f{number}.yaml": library(f"f{(number + 1) % length}.yaml") for number in range(length)
    }
    loaded = load(write_files(tmp_path, files))
    assert rules_of(loaded) == {"import-cycle"}
    names = [f"f{number % length}.yaml" for number in range(length + 1)]
    assert names == [
        part.rpartition("/")[2] for part in loaded.diagnostics[0].message.split(" -> ")
    ]


def test_an_interface_that_imports_itself_is_a_cycle(tmp_path: Path) -> None:
    """The main file counts."""
    path = write_files(tmp_path, {"main.yaml": PREAMBLE + "imports: [main.yaml]\n"})
    assert rules_of(load(path)) == {"import-cycle"}


def test_long_chains_of_imports_need_no_recursion(tmp_path: Path) -> None:
    """990 files in a row are read; more than a thousand are refused."""
    for length, expected in ((990, set[str]()), (1_100, {"import-too-many"})):
        files = {"main.yaml": PREAMBLE + "imports: [f0.yaml]\n"}
        files |= {f"f{number}.yaml": library(f"f{number + 1}.yaml") for number in range(length)}
        files[f"f{length}.yaml"] = library()
        assert rules_of(load(write_files(tmp_path / str(length), files))) == expected


@pytest.mark.parametrize(
    "name",
    [
        "http://example.org/a.yaml",
        "file:///etc/passwd",
        "/etc/passwd",
        "../a.yaml",
        "sub/../../a.yaml",
        "..",
        "a\\b.yaml",
        "",
    ],
)
def test_imports_stay_beneath_the_roots(tmp_path: Path, name: str) -> None:
    """No address, no absolute path, no way up, and not nothing."""
    path = write_files(tmp_path / "in", {"main.yaml": PREAMBLE + f"imports: ['{name}']\n"})
    write_files(tmp_path, {"a.yaml": library()})
    assert rules_of(load(path)) == {"import-path"}


def test_symbolic_links_do_not_lead_out(tmp_path: Path) -> None:
    """A link beneath the root to a file above it is refused, and one within is fine; so is one to a named root."""
    path = write_files(
        tmp_path / "in", {"main.yaml": PREAMBLE + "imports: [link.yaml]\n", "own.yaml": library()}
    )
    outside = write_files(tmp_path / "out", {"a.yaml": library()})
    link = tmp_path / "in" / "link.yaml"
    link.symlink_to(outside)
    assert rules_of(load(path)) == {"import-path"}
    assert rules_of(load(path, roots=[tmp_path / "out"])) == set()
    link.unlink()
    link.symlink_to("own.yaml")
    assert rules_of(load(path)) == set()


def test_imports_may_come_from_a_root(tmp_path: Path) -> None:
    """A file that is not beside the importer is looked for beneath the roots."""
    path = write_files(tmp_path / "in", {"main.yaml": PREAMBLE + "imports: [shared/a.yaml]\n"})
    write_files(
        tmp_path / "lib", {"shared/a.yaml": library("b.yaml"), "shared/b.yaml": "rpcgen: 1\n"}
    )
    assert rules_of(load(path)) == {"import-missing"}
    assert rules_of(load(path, roots=[tmp_path / "lib"])) == set()


def test_a_root_that_is_not_there_is_told_where_something_is_missed(tmp_path: Path) -> None:
    """It may be misspelt; where everything is found, nobody asks."""
    path = write_files(tmp_path, {"main.yaml": PREAMBLE + "imports: [a.yaml]\n"})
    (missing,) = load(path, roots=[tmp_path, "sharde"]).diagnostics
    assert missing.hint == 'there is no folder "sharde" to import from'
    write_files(tmp_path, {"a.yaml": "rpcgen: 1\n"})
    assert rules_of(load(path, roots=["sharde"])) == set()


def test_imports_are_regular_readable_files(tmp_path: Path) -> None:
    """A directory, an interface and a broken file are refused at the import or in the file."""
    main = {"main.yaml": PREAMBLE + "imports: [sub, other.yaml, broken.yaml, gone.yaml]\n"}
    path = write_files(
        tmp_path, {**main, "sub/x": "", "other.yaml": PREAMBLE, "broken.yaml": "a: ["}
    )
    assert rules_of(load(path)) == {
        "file-not-regular",
        "import-interface",
        "yaml-syntax",
        "import-missing",
    }


def test_texts_cannot_import() -> None:
    """Without a file there is nowhere to look."""
    assert refused(PREAMBLE + "imports: [a.yaml]\n") == {"import-path"}


def test_a_diamond_of_many_imports_ends(tmp_path: Path) -> None:
    """A hundred files that all import each other further down are read once each."""
    files = {"main.yaml": PREAMBLE + "imports: [f0.yaml]\n"}
    files |= {
        f"f{number}.yaml": library(*(f"f{n}.yaml" for n in range(number + 1, 100)))
        for number in range(100)
    }
    assert rules_of(load(write_files(tmp_path, files))) == set()
    files = {name: text + "# " + "x" * 100_000 for name, text in files.items()}
    assert rules_of(load(write_files(tmp_path / "large", files))) == {"file-too-large"}
