"""Large interfaces: C11's ten thousand methods, and what a usual one may cost."""

from __future__ import annotations

import resource
import subprocess
import sys
from pathlib import Path

import pytest

HEAD = """\
rpcgen: 1
interface: demo.large
version: "1.1"
types:
  Thing: {fields: {id: uuid, name: string, tags: "list[string] = []", note: "string? since 1.1"}}
errors:
  Failed: {fields: {why: string}}
methods:
"""
METHOD = """\
  do_{number}:
    doc: Do thing {number}.
    call: any
    raises: [Failed]
    args: {{thing: Thing, count: int = 1, note: string? since 1.1}}
    returns: Thing
"""


def cpu_of_children() -> float:
    """Seconds of CPU that finished processes took: a busy machine does not count."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


@pytest.mark.timeout(150)
def test_ten_thousand_methods(tmp_path: Path) -> None:
    """Ten thousand methods compile within a minute, and import within ten seconds."""
    methods = "".join(METHOD.format(number=number) for number in range(10_000))
    (tmp_path / "large.yaml").write_text(HEAD + methods)
    start = cpu_of_children()
    subprocess.run(
        [sys.executable, "-m", "rpcgen.cli", "compile", "-q", "large.yaml"],
        cwd=tmp_path,
        check=True,
    )
    compiled = cpu_of_children()
    code = "from demo_large import INTERFACE, LargeClient; assert len(INTERFACE.methods) == 10_000"
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True)
    imported = cpu_of_children()
    assert compiled - start <= 60
    assert imported - compiled <= 10


def test_many_arguments(tmp_path: Path) -> None:
    """Python's old limit of 255 arguments is no limit."""
    arguments = "".join(f"      arg_{number}: int = {number}\n" for number in range(400))
    text = f"{HEAD}  run:\n    call: any\n    args:\n{arguments}"
    (tmp_path / "large.yaml").write_text(text)
    subprocess.run(
        [sys.executable, "-m", "rpcgen.cli", "compile", "-q", "large.yaml"],
        cwd=tmp_path,
        check=True,
    )
    code = "from demo_large import LargeClient, LargeEndpoint; import demo_large.async_client"
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True)
