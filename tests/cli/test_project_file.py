"""`[tool.rpcgen]`: what it says is used, from every folder of the project, and its mistakes come all at once."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from rpcgen.cli._exit import Failure
from rpcgen.cli._project.read import project_here, read_project
from rpcgen.cli._project.settings import LintSettings, Waiver
from rpcgen.cli.main import run
from rpcgen.idl import Version

SHOP = """\
rpcgen: 1
interface: demo.shop
version: "1.0"
imports: [common.yaml]
methods: {take: {call: any, args: {sku: Sku}}}
"""
COMMON = "rpcgen: 1\ntypes: {Sku: string}\n"


def write(folder: Path, text: str) -> Path:
    """Write a project file."""
    file = folder / "pyproject.toml"
    file.write_text(text)
    return file


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with an interface and a library in one folder; the current folder is the project's."""
    write(tmp_path, '[tool.rpcgen]\nfiles = ["interfaces/*.yaml"]\noutput = "src"\n')
    (tmp_path / "interfaces").mkdir()
    (tmp_path / "interfaces/shop.yaml").write_text(SHOP)
    (tmp_path / "interfaces/common.yaml").write_text(COMMON)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_compile_needs_no_arguments(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The project says which files and where to; a library among the files is not an interface without a name."""
    assert run(["compile"]) == 0
    assert capsys.readouterr().out == "demo_shop: 9 files written, 0 unchanged\n"
    assert (project / "src/demo_shop/client.py").exists()
    assert run(["compile", "--check"]) == 0


def test_every_folder_of_the_project_is_as_good(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Paths are the project's, wherever the command runs; messages name files from there."""
    assert run(["compile", "-q"]) == 0
    monkeypatch.chdir(project / "interfaces")
    assert run(["compile", "--check"]) == 0
    (project / "interfaces/common.yaml").write_text("rpcgen: 1\ntypes: {Sku: strng}\n")
    assert run(["compile"]) == 2
    assert "../interfaces/common.yaml:2:" in capsys.readouterr().err


def test_arguments_go_first(project: Path) -> None:
    """What the command line says replaces what the file says; the rest still holds."""
    other = project / "other.yaml"
    other.write_text(
        'rpcgen: 1\ninterface: demo.other\nversion: "1.0"\nmethods: {go: {call: any}}\n'
    )
    assert run(["compile", "-q", "other.yaml"]) == 0
    assert [path.name for path in (project / "src").iterdir()] == ["demo_other"]
    assert run(["compile", "-q", "-o", "gen"]) == 0
    assert [path.name for path in (project / "gen").iterdir()] == ["demo_shop"]


def test_import_roots_and_templates(project: Path) -> None:
    """Files are imported from the project's roots, and its templates are used."""
    write(
        project,
        '[tool.rpcgen]\nfiles = ["interfaces/shop.yaml"]\nimport-roots = ["shared"]\ntemplates = "own"\n',
    )
    (project / "shared").mkdir()
    (project / "interfaces/common.yaml").rename(project / "shared/common.yaml")
    (project / "own").mkdir()
    (project / "own/errors.jinja").write_text("{{ header }}\nOWN = 1\n")
    assert run(["compile", "-q"]) == 0
    assert "OWN = 1" in (project / "demo_shop/errors.py").read_text()


def test_matrix_needs_no_arguments(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Every version of the project's interface is run."""
    assert run(["matrix", "--format", "json"]) == 0
    assert '"interface": "demo.shop"' in capsys.readouterr().out


def test_neither_arguments_nor_a_project(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The command line is wrong, and the message says what is missing where."""
    monkeypatch.chdir(tmp_path)
    assert run(["compile"]) == 2
    assert capsys.readouterr().err == (
        "rpcgen compile: no FILE was given, and no pyproject.toml here or above has a [tool.rpcgen]"
        " (see rpcgen compile --help)\n"
    )
    write(tmp_path, "[tool.rpcgen]\n")
    assert run(["compile"]) == 2
    assert "[tool.rpcgen] in pyproject.toml has no `files`" in capsys.readouterr().err


def test_a_pattern_that_matches_nothing(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It is misspelt, probably; every such pattern is named."""
    write(project, '[tool.rpcgen]\nfiles = ["interfaces/*.yaml", "x/*.yaml", "shpo.yaml"]\n')
    assert run(["compile"]) == 2
    assert capsys.readouterr().err == (
        "rpcgen compile: pyproject.toml:\n"
        "  [tool.rpcgen] files: 'x/*.yaml' matches no file\n"
        "  [tool.rpcgen] files: 'shpo.yaml' matches no file\n"
    )


def test_everything_that_can_be_said(tmp_path: Path) -> None:
    """Each key is read into its own place."""
    file = write(
        tmp_path,
        """
[tool.rpcgen]
files = ["a.yaml"]
output = "src"
lock = "released"
[tool.rpcgen.lint]
category = "strict"
select = ["any-used"]
ignore = ["name-style"]
[[tool.rpcgen.waivers]]
fingerprint = "0123456789ab"
reason = "r"
until = 2027-01-31
[[tool.rpcgen.waivers]]
fingerprint = "0123456789ac"
reason = "r"
until = "6.5"
[[tool.rpcgen.waivers]]
fingerprint = "0123456789ad"
reason = "r"
until = "2027-01-31"
""",
    )
    project = read_project(file)
    assert project is not None
    assert (project.root, project.patterns) == (tmp_path, ("a.yaml",))
    assert (project.output, project.lock) == (tmp_path / "src", tmp_path / "released")
    assert project.lint == LintSettings("strict", ("any-used",), ("name-style",))
    assert project.waivers == (
        Waiver("0123456789ab", "r", date(2027, 1, 31)),
        Waiver("0123456789ac", "r", Version(6, 5)),
        Waiver("0123456789ad", "r", date(2027, 1, 31)),
    )


def test_all_mistakes_at_once(tmp_path: Path) -> None:
    """Each is told with its table and key, what was found and what was expected; a near name is suggested."""
    file = write(
        tmp_path,
        """
[tool.rpcgen]
fils = ["a.yaml"]
output = 3
lock = "/var/lock"
import-roots = ["a.yaml", "/shared", "gone"]
templates = "own"
[tool.rpcgen.lint]
category = "strct"
select = ["name-stile"]
ignore = ["any-used", "xyz"]
[[tool.rpcgen.waivers]]
fingerprint = "zz"
reason = " "
until = 2027-01-31T00:00:00Z
[[tool.rpcgen.waivers]]
fingerprnt = "0123456789ab"
""",
    )
    (tmp_path / "a.yaml").write_text("")
    with pytest.raises(Failure) as raised:
        read_project(file)
    assert raised.value.message.splitlines() == [
        f"{file}:",
        "  [tool.rpcgen] output: found 3, expected a text",
        "  [tool.rpcgen] lock: '/var/lock' is no relative path with forward slashes",
        "  [tool.rpcgen] import-roots: '/shared' is no relative path with forward slashes",
        "  [[tool.rpcgen.waivers]] 1 reason: found ' ', expected a text that is not empty",
        '  [[tool.rpcgen.waivers]] 1 until: found a date with a time, expected a date or a version, such as "6.5"',
        "  [[tool.rpcgen.waivers]] 1 fingerprint: found 'zz', expected what `rpcgen check` prints: hex digits",
        "  [[tool.rpcgen.waivers]] 2 fingerprint: missing; a waiver has a fingerprint, a reason and an end",
        "  [[tool.rpcgen.waivers]] 2 reason: missing; a waiver has a fingerprint, a reason and an end",
        "  [[tool.rpcgen.waivers]] 2 until: missing; a waiver has a fingerprint, a reason and an end",
        "  [[tool.rpcgen.waivers]] 2 fingerprnt: there is no such key; did you mean 'fingerprint'?",
        "  [tool.rpcgen.lint] category: found 'strct', expected one of minimal, standard, strict; did you mean 'strict'?",
        "  [tool.rpcgen.lint] select: there is no lint rule 'name-stile'; did you mean 'name-style'?",
        "  [tool.rpcgen.lint] ignore: there is no lint rule 'xyz'",
        "  [tool.rpcgen] fils: there is no such key; did you mean 'files'?",
        "  [tool.rpcgen] import-roots: 'a.yaml' is no folder",
        "  [tool.rpcgen] templates: 'own' is no folder",
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[tool]\nrpcgen = 1\n", "[tool.rpcgen]: expected a table, found a number"),
        (
            "[tool.rpcgen]\nwaivers = 07:00:00\n",
            "[[tool.rpcgen.waivers]]: expected a list of tables, found a time",
        ),
        (
            "[tool.rpcgen]\nfiles = ['a.yaml', '']\n",
            "[tool.rpcgen] files: found a list with '', expected a list of texts that are not empty",
        ),
        (
            "[tool.rpcgen]\nfiles = ['a.yaml', []]\n",
            "[tool.rpcgen] files: found a list with a list, expected a list of texts",
        ),
        ("[tool.rpcgen]\nlnt = {}\n", "did you mean 'lint'?"),
        (
            "[tool.rpcgen]\nimport-roots = 'shared'\n",
            "[tool.rpcgen] import-roots: found 'shared', expected a list of texts",
        ),
        ("[tool.rpcgen]\nlint = []\n", "[tool.rpcgen.lint]: expected a table, found a list"),
    ],
)
def test_wrong_kinds(tmp_path: Path, text: str, message: str) -> None:
    """A value of another kind is a mistake, never a traceback."""
    with pytest.raises(Failure) as raised:
        read_project(write(tmp_path, text))
    assert message in raised.value.message


def test_a_waiver_for_one_thing_is_written_once(tmp_path: Path) -> None:
    """Two waivers of one finding would hide that one of them is not used."""
    waiver = '[[tool.rpcgen.waivers]]\nfingerprint = "0123456789ab"\nreason = "r"\nuntil = "1.0"\n'
    with pytest.raises(Failure, match="2 fingerprint: '0123456789ab' is waived twice"):
        read_project(write(tmp_path, waiver * 2))


def test_a_broken_file_has_a_place(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What the TOML reader could not read is told with line and column."""
    write(project, "[tool.rpcgen]\nfiles = [\n\n]]\n")
    assert run(["compile"]) == 2
    assert capsys.readouterr().err.startswith(
        "rpcgen compile: pyproject.toml:4:2: not readable as TOML: "
    )
    write(project, "[tool.rpcgen]\nfiles = [")
    assert run(["compile"]) == 2
    assert "pyproject.toml: not readable as TOML: invalid value\n" in capsys.readouterr().err


def test_files_of_other_projects_are_left_alone(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file without the table does not end the search, however it looks; a folder with .git does."""
    inner = project / "inner/deeper"
    inner.mkdir(parents=True)
    write(project / "inner", "broken [")
    write(inner, "[project]\nname = 'uses-rpcgen'\n")
    monkeypatch.chdir(inner)
    found = project_here()
    assert found is not None
    assert found.root.resolve() == project.resolve()
    (project / "inner/.git").mkdir()
    assert project_here() is None


@pytest.mark.parametrize("command", ["check", "describe shop.yaml", "fmt shop.yaml", "matrix"])
def test_a_current_folder_that_is_gone(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    command: str,
) -> None:
    """Another terminal may have deleted it; that is no bug."""
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    name = command.partition(" ")[0]
    assert run(command.split()) == 2
    assert capsys.readouterr().err == f"rpcgen {name}: the current folder is not there any more\n"
