"""Every case gives what it must, and that is formatted, clean, typed and importable."""

from __future__ import annotations

import importlib
import re
import shutil
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from tests.codegen.cases import BAD, CASES, GOOD, NAMES, compiled, complaints, expected

ROOT = Path(__file__).parents[2]
RUFF = shutil.which("ruff", path=str(Path(sys.executable).parent)) or "ruff"
#: Cases whose names are odd on purpose or end in a version, so that rules about names find them.
ODD = {"names", "long_names", "clash_methods", "method_forms"}


@pytest.mark.parametrize("case", GOOD)
def test_case_gives_what_is_expected(case: str) -> None:
    """Compiling a case gives exactly the files that are kept beside it."""
    assert expected(case) == compiled(case), "python -m tests.codegen.regen, and read the diff"


@pytest.mark.parametrize("case", BAD)
def test_mistakes_are_explained(case: str) -> None:
    """Clashes of names are reported with both places."""
    assert (CASES / case / "expected.err").read_text(encoding="utf-8") == complaints(case)


def test_every_case_has_one_outcome() -> None:
    """A case is either compiled or refused, and its name says which."""
    for case in NAMES:
        folder = CASES / case
        assert (folder / "input.yaml").is_file()
        assert (folder / "expected").is_dir() == (case in GOOD)
        assert (folder / "expected.err").is_file() == (case in BAD)


def run(*command: str | Path, cwd: Path | None = None) -> str:
    """Run a tool; what it printed."""
    done = subprocess.run(
        [str(part) for part in command], capture_output=True, text=True, cwd=cwd, check=False
    )
    return done.stdout + done.stderr


@pytest.mark.parametrize("width", [88, 100, 120])
def test_formatter_changes_nothing(packages: Path, width: int) -> None:
    """The output is what ruff would make of it, at its own line length and at longer ones."""
    said = run(
        RUFF,
        "format",
        "--isolated",
        "--line-length",
        str(width),
        "--diff",
        "--exclude",
        "usage_*.py",
        packages,
    )
    assert "would be reformatted" not in said, said
    assert "already formatted" in said, said


@pytest.mark.parametrize("target", ["py310", "py311"])
def test_linter_finds_nothing(packages: Path, target: str) -> None:
    """The rules that ruff starts with have no complaint."""
    said = run(RUFF, "check", "--isolated", "--target-version", target, packages)
    assert said == "All checks passed!\n"


def test_linter_of_this_project_finds_nothing(packages: Path) -> None:
    """Our own, stricter rules have none either, except about names that a case makes odd."""
    config = ROOT / "pyproject.toml"
    everything = run(RUFF, "check", "--no-cache", "--config", config, "--ignore", "N", packages)
    assert everything == "All checks passed!\n"
    plain = [
        packages / path.partition("/")[0]
        for case in GOOD
        if case not in ODD
        for path in expected(case)
    ]
    assert (
        run(RUFF, "check", "--no-cache", "--config", config, *set(plain)) == "All checks passed!\n"
    )


def marked_lines(folder: Path) -> set[tuple[str, int]]:
    """Lines of the usages that a type checker must refuse."""
    return {
        (file.name, number)
        for file in folder.glob("usage_*.py")
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1)
        if line.endswith("# wrong")
    }


def refused_lines(said: str) -> set[tuple[str, int]]:
    """Lines that a type checker refused."""
    pattern = re.compile(r"^\s*(?:\S*/)?([a-z_]+\.py):(\d+)(?::\d+)?(?: -|:) error", re.M)
    return {(file, int(number)) for file, number in pattern.findall(said)}


@pytest.mark.timeout(240)
def test_mypy_agrees(packages: Path, tmp_path: Path) -> None:
    """Mypy finds the mistakes of the usages, and nothing else, in all packages."""
    config = tmp_path / "mypy.ini"
    config.write_text("[mypy]\nstrict = True\n")
    said = run(
        sys.executable,
        "-m",
        "mypy",
        "--config-file",
        config,
        "--cache-dir",
        tmp_path,
        ".",
        cwd=packages,
    )
    assert marked_lines(packages) == refused_lines(said), said


@pytest.mark.timeout(240)
def test_pyright_agrees(packages: Path) -> None:
    """So does pyright."""
    config = packages / "pyrightconfig.json"
    config.write_bytes(
        msgspec.json.encode(
            {
                "typeCheckingMode": "strict",
                "include": ["."],
                "pythonVersion": "3.11",
                "reportAbstractUsage": "error",
            }
        )
    )
    pyright = shutil.which("pyright", path=str(Path(sys.executable).parent)) or "pyright"
    said = run(pyright, "-p", config, "--pythonpath", sys.executable)
    assert marked_lines(packages) == refused_lines(said), said


@pytest.mark.parametrize("case", GOOD)
def test_package_imports_and_decodes(case: str, packages: Path) -> None:
    """Every exported name exists, and every type can be encoded and decoded."""
    name = next(iter(expected(case))).partition("/")[0]
    package = importlib.import_module(name)
    interface = package.INTERFACE
    for exported in package.__all__:
        assert getattr(package, exported) is not None
    for method in interface.methods:
        assert msgspec.inspect.type_info(method.args)
        assert msgspec.inspect.type_info(method.returns)
        assert method.interface is interface
    for error in interface.errors:
        assert msgspec.inspect.type_info(error.fields)
    for event in interface.events:
        assert msgspec.inspect.type_info(event.payload)
    assert len(interface.fingerprint) == 32


def test_import_is_lazy(packages: Path) -> None:
    """Importing a package loads neither clients nor asyncio, nor what only the compiler needs."""
    code = (
        "import sys, shop_inventory; from shop_inventory import InventoryClient; "
        "heavy = {'asyncio', 'jinja2', 'yaml', 'click', 'shop_inventory.async_client', 'shop_inventory.endpoint'}; "
        "print(sorted(heavy & sys.modules.keys()))"
    )
    assert run(sys.executable, "-c", code, cwd=packages) == "[]\n"
