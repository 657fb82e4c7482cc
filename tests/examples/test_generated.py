"""What is committed below generated_examples/ is what the compiler makes, and is sound."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest
import rpcgen.runtime

from tests.examples.packages import generated
from tests.examples.programs import EXAMPLES, ROOT

INTERFACES = sorted(EXAMPLES.glob("*/*.yaml"))
FOLDERS = sorted({path.parent for path in INTERFACES})
PACKAGES = sorted(path.parent for path in EXAMPLES.glob("*/*/descriptor.py"))


def run(*command: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run a tool of the virtual environment."""
    return subprocess.run(
        [sys.executable, "-m", *command],
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=55,
        check=False,
    )


@pytest.mark.parametrize("path", INTERFACES, ids=lambda path: path.stem)
def test_committed_code_is_up_to_date(path: Path) -> None:
    """`rpcgen compile --check` has nothing to say."""
    done = run("rpcgen.cli", "compile", path.name, "-o", ".", "--check", cwd=path.parent)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_interface_has_a_package() -> None:
    """Nothing is compiled that no longer has an interface file, and nothing is missing."""
    assert len(PACKAGES) == len(INTERFACES)


def test_nova_compute_is_large() -> None:
    """The compute interface is a real one: at least 40 methods."""
    interface = generated("nova_compute", "nova_compute").INTERFACE
    assert len(interface.methods) >= 40
    assert len(interface.events) >= 8


@pytest.mark.parametrize("package", PACKAGES, ids=lambda path: path.name)
def test_generated_code_uses_public_names_only(package: Path) -> None:
    """Generated code imports from rpcgen.runtime what it exports, from msgspec and the standard library, and itself."""
    for file in package.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Import):
                assert all(_is_foreign(alias.name) for alias in node.names), file
            elif isinstance(node, ast.ImportFrom) and node.level == 0:
                if node.module == "rpcgen.runtime":
                    assert {alias.name for alias in node.names} <= set(rpcgen.runtime.__all__), file
                else:
                    assert _is_foreign(node.module or ""), (file, node.module)


def _is_foreign(module: str) -> bool:
    top = module.partition(".")[0]
    return top == "msgspec" or top in sys.stdlib_module_names


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: path.name)
@pytest.mark.parametrize("tool", ["mypy", "pyright"])
def test_types(tool: str, folder: Path) -> None:
    """Generated packages and hand-written programs are clean for both type checkers, strictly."""
    if tool == "mypy":
        files = [
            path.name
            for path in sorted(folder.iterdir())
            if path.suffix == ".py" or (path / "__init__.py").exists()
        ]
        done = run(
            "mypy",
            "--strict",
            f"--cache-dir={ROOT / '.mypy_cache/examples'}",
            "--config-file",
            str(ROOT / "tests/examples/mypy.ini"),
            *files,
            cwd=folder,
        )
    else:
        done = run(
            "pyright", "-p", str(ROOT / f"tests/examples/pyright/{folder.name}.json"), cwd=folder
        )
    assert done.returncode == 0, done.stdout + done.stderr
