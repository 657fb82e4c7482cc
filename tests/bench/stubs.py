"""Compile the interfaces into a temporary directory when the benchmark starts.

A compiler that is not installed leaves its stubs out; the adapters that need them say so when they are imported.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

INTERFACES = Path(__file__).parent / "interfaces"
LIMIT = 120.0


def compile_all(into: Path) -> list[str]:
    """Compile everything; what could not be, with the reason."""
    reasons = (
        compile_interface(into),
        *compile_versions(into),
        compile_scale(into),
        _compiled(protoc, "bench.proto", into),
    )
    return [reason for reason in reasons if reason is not None]


def compile_interface(into: Path) -> str | None:
    """Compile our own interface; the reason if it could not be."""
    return _compiled(rpcgen, "bench.yaml", into)


def compile_versions(into: Path) -> list[str | None]:
    """Compile the interface without and with a past; the reasons of what could not be."""
    return [_compiled(rpcgen, source, into) for source in ("plain.yaml", "dated.yaml")]


def compile_scale(into: Path) -> str | None:
    """Compile the interface of many servers and many calls; the reason if it could not be."""
    return _compiled(rpcgen, "scale.yaml", into)


def _compiled(command: Callable[[Path, Path], list[str]], source: str, into: Path) -> str | None:
    done = subprocess.run(
        command(INTERFACES / source, into),
        capture_output=True,
        text=True,
        timeout=LIMIT,
        check=False,
    )
    if done.returncode == 0:
        return None
    return f"{source} was not compiled: {(done.stderr or done.stdout).strip()}"


def rpcgen(source: Path, into: Path) -> list[str]:
    """The command that compiles an interface file."""
    return [sys.executable, "-m", "rpcgen.cli", "compile", str(source), "-o", str(into)]


def protoc(source: Path, into: Path) -> list[str]:
    """The command that makes the messages and the gRPC stubs."""
    return [
        *_protoc(source),
        f"--python_out={into}",
        f"--grpc_python_out={into}",
        source.name,
    ]


def betterproto2(source: Path, into: Path) -> list[str]:
    """The command that makes betterproto2's dataclasses and stubs."""
    return [*_protoc(source), f"--python_betterproto2_out={into}", source.name]


def _protoc(source: Path) -> list[str]:
    return [sys.executable, "-m", "grpc_tools.protoc", f"-I{source.parent}"]
