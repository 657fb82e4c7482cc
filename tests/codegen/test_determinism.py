"""The same interface gives the same bytes, wherever and whenever it is compiled (PROMISES C14)."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.codegen.cases import CASES

COMPILED = ("names", "versions", "types")


def compile_in(folder: Path, output: Path, **environment: str) -> dict[str, bytes]:
    """Compile some cases from a working directory; all bytes by path."""
    files = [os.path.relpath(CASES / case / "input.yaml", folder) for case in COMPILED]
    subprocess.run(
        [sys.executable, "-m", "rpcgen.cli", "compile", "-q", *files, "-o", str(output)],
        cwd=folder,
        env={**os.environ, **environment},
        check=True,
    )
    return {
        path.relative_to(output).as_posix(): path.read_bytes()
        for path in sorted(output.rglob("*"))
        if path.is_file()
    }


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """What is compiled with nothing special."""
    folder = tmp_path_factory.mktemp("reference")
    return compile_in(folder, folder / "out", PYTHONHASHSEED="0")


@pytest.mark.parametrize(
    "environment",
    [
        {"PYTHONHASHSEED": "1"},
        {"PYTHONHASHSEED": "2", "LC_ALL": "C", "LANG": "C"},
        {"PYTHONHASHSEED": "3", "LC_ALL": "tr_TR.UTF-8", "LANG": "tr_TR.UTF-8"},
        {
            "PYTHONHASHSEED": "4",
            "TZ": "Asia/Tokyo",
            "PYTHONUTF8": "0",
            "PYTHONIOENCODING": "latin-1",
        },
        {"PYTHONHASHSEED": "5", "HOME": "/nowhere", "USER": "somebody", "HOSTNAME": "else"},
    ],
    ids=lambda environment: "-".join(environment.values()).replace("/", "_"),
)
def test_environment_does_not_matter(
    reference: dict[str, bytes], tmp_path: Path, environment: dict[str, str]
) -> None:
    """Neither the hash seed nor locale, clock zone, user or working directory shows in the output."""
    deep = tmp_path / "some" / "other" / "folder"
    deep.mkdir(parents=True)
    assert reference == compile_in(deep, tmp_path / "out", **environment)


def test_nothing_of_this_machine_shows(reference: dict[str, bytes]) -> None:
    """No path, host, user or version of the tool is in the output; line ends are LF."""
    for path, data in reference.items():
        assert str(CASES).encode() not in data, path
        assert os.uname().nodename.encode() not in data, path
        assert b"\r" not in data, path
        assert data.endswith(b"\n"), path
        data.decode("utf-8")
