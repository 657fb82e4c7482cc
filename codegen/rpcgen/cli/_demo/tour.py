"""The tour itself: write a project, compile it, run it, break it. Any step that does not behave ends it."""

from __future__ import annotations

import asyncio
import importlib.util
import inspect
import shutil
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rpcgen.cli._demo.screen import Screen
from rpcgen.cli._demo.servers import Servers

_PROJECT = Path(__file__).parent / "project"
_NAMES = ("shop-1", "shop-2")


class StepFailed(Exception):
    """A step did not behave; the text says which, and how."""


class Tour:
    """One run, in one folder."""

    def __init__(self, folder: Path, screen: Screen) -> None:
        self._folder = folder
        self._screen = screen
        self._number = 0

    def run(self) -> None:
        """Show everything.

        Raises:
            StepFailed: a step did not behave.
        """
        began = time.monotonic()
        # Not in the project's folder: a socket's path may have 107 characters at most.
        with tempfile.TemporaryDirectory(prefix="rpcgen-") as sockets:
            url = f"zmq+ipc://{sockets}"
            self._screen.heading(f"A shop with two servers, in {self._folder}")
            self._step("Describe the interface in YAML, and compile it", "", self._compile)
            with Servers(self._folder, url) as servers:
                self._step("Start two servers", "", lambda: self._start(servers, url))
                self._calls(url, servers)
        self._screen.closing(f"All of it behaved, in {time.monotonic() - began:.1f} s.")

    def _calls(self, url: str, servers: Servers) -> None:
        steps = self._steps()
        names = list(_NAMES)
        with steps.StockClient(url) as shop:
            self._show(steps.blocking_call, shop)
            self._show(steps.asyncio_calls, url)
            self._show(steps.fanout, shop)
            self._step("Each of them heard it", "", lambda: str(steps.heard(shop, names)))
            self._show(steps.declared_error, shop)
            self._show(steps.bad_argument, shop)
            self._show(steps.deadline, shop)
            dead = names[0]
            self._step(
                f"Kill {dead} with SIGKILL", "", lambda: f"process {servers.kill(dead)} is dead"
            )
            self._show(steps.failover, shop, dead)
            self._step(f"Stop {names[1]} with SIGTERM", "", lambda: _stopped(servers, names[1]))

    # --- steps ----------------------------------------------------------------------------------------------------

    def _compile(self) -> str:
        for source in sorted(_PROJECT.iterdir()):
            if source.is_file():
                shutil.copyfile(source, self._folder / source.name)
        command = ["rpcgen", "compile", "shop.yaml", "-o", "."]
        done = subprocess.run(
            [sys.executable, "-m", "rpcgen.cli", *command[1:]],
            cwd=self._folder,
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        if done.returncode:
            raise StepFailed(
                f"{' '.join(command)} ended with {done.returncode}:\n{done.stderr}{done.stdout}"
            )
        made = sorted(
            path.name for path in (self._folder / "shop_stock").iterdir() if path.suffix == ".py"
        )
        return f"{' '.join(command)}\nmade shop_stock/: {', '.join(made)}"

    def _start(self, servers: Servers, url: str) -> str:
        for name in _NAMES:
            servers.start(name)
        servers.wait_ready(exchange="shop", topic="stock")
        return "\n".join(f"python server.py {url} {name}" for name in _NAMES)

    def _steps(self) -> Any:
        """The project's `steps.py`, imported from its folder."""
        sys.path.insert(0, str(self._folder))
        spec = importlib.util.spec_from_file_location(
            "rpcgen_demo_steps", self._folder / "steps.py"
        )
        if spec is None or spec.loader is None:
            raise AssertionError("unexpected: steps.py has no loader")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    # --- showing --------------------------------------------------------------------------------------------------

    def _show(self, function: Callable[..., Any], *args: Any) -> None:
        """Run one function of `steps.py`, and show its code."""

        def act() -> str:
            outcome = function(*args)
            return str(asyncio.run(outcome) if inspect.iscoroutine(outcome) else outcome)

        title = (inspect.getdoc(function) or "").removesuffix(".")
        self._step(title, _body(function), act)

    def _step(self, title: str, code: str, act: Callable[[], str]) -> None:
        self._number += 1
        began = time.perf_counter()
        try:
            outcome = act()
        except Exception as error:
            text = (
                str(error) if isinstance(error, StepFailed) else f"{type(error).__name__}: {error}"
            )
            raise StepFailed(f"step {self._number}, {title!r}, did not behave: {text}") from error
        self._screen.step(self._number, title, code, outcome, time.perf_counter() - began)


def _stopped(servers: Servers, name: str) -> str:
    code = servers.stop(name)
    if code:
        raise StepFailed(f"exit code {code}, expected 0")
    return "it finished its work, and ended with exit code 0"


def _body(function: Callable[..., Any]) -> str:
    """The lines of a function below its docstring, without what only checks or reports."""
    lines = textwrap.dedent(inspect.getsource(function)).splitlines()
    start = next(i for i, line in enumerate(lines) if line.lstrip().startswith('"""')) + 1
    shown: list[str] = []
    for line in textwrap.dedent("\n".join(lines[start:])).splitlines():
        if line.startswith(("return ", "raise ", "if ")):
            break
        report = line.lstrip().startswith("return ")
        shown.append(f"{line[: len(line) - len(line.lstrip())]}..." if report else line)
    return "\n".join(shown)
