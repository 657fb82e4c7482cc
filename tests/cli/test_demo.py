"""`rpcgen demo` shows everything, quickly, and leaves nothing behind."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from rpcgen.cli._exit import Exit
from rpcgen.cli.main import run

from tests.cli.closed import closed
from tests.cli.command import rpcgen


def children() -> set[int]:
    """Processes below ours; the brokers of other tests are among them."""
    return {child.pid for child in psutil.Process().children(recursive=True)}


def left(before: set[int]) -> list[psutil.Process]:
    """Those that have come since; what brokers of other tests start now and then is theirs."""
    found: list[psutil.Process] = []
    for child in psutil.Process().children(recursive=True):
        with suppress(psutil.NoSuchProcess):  # it has ended
            if not before & {child.pid, *(parent.pid for parent in child.parents())}:
                found.append(child)
    return found


def test_demo_shows_every_step(tmp_path: Path) -> None:
    """Twelve steps, each with a time, in less than ten seconds; the project is kept."""
    before = children()
    began = time.monotonic()
    done = rpcgen("demo", "--keep", str(tmp_path / "shop"))
    assert done.code == 0, done.err
    assert time.monotonic() - began < 10
    steps = re.findall(r"^(\d+)\. (.*) \(\d+(?:\.\d+)? m?s\)$", done.out, re.M)
    assert [int(number) for number, _ in steps] == list(range(1, 13))
    for word in (
        "receipt = shop.take(",
        "OutOfStock",
        "DeadlineExceeded",
        "sent to shop-1, shop-2",
        "shop-2 answered",
    ):
        assert word in done.out
    assert "\x1b" not in done.out
    assert (tmp_path / "shop/shop_stock/client.py").exists()
    assert not left(before)


def test_demo_has_typed_code(tmp_path: Path) -> None:
    """What the demo writes is clean for mypy --strict."""
    assert rpcgen("demo", "--keep", str(tmp_path)).code == 0
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--config-file=", "server.py", "steps.py"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def test_demo_keeps_what_is_there(tmp_path: Path) -> None:
    """A folder that holds something is refused."""
    (tmp_path / "precious").write_text("x")
    done = rpcgen("demo", "--keep", str(tmp_path))
    assert done.code == Exit.BAD_INPUT
    assert done.err == f"rpcgen demo: {tmp_path} is not empty\n"
    assert [path.name for path in tmp_path.iterdir()] == ["precious"]


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    """One line, before the first step."""
    (tmp_path / "file").write_text("")
    done = rpcgen("demo", "--keep", "file/shop", cwd=tmp_path)
    assert (done.code, done.out) == (Exit.BAD_INPUT, "")
    assert done.err == "rpcgen demo: file/shop cannot be written: not a directory\n"


def test_a_folder_that_is_closed_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """So it is where the folder is there, and holds nothing."""
    tmp_path.chmod(0o755)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "shop").mkdir()
    with closed(tmp_path / "shop", 0o555):
        assert run(["demo", "--keep", "shop"]) == Exit.BAD_INPUT
    assert capsys.readouterr() == ("", "rpcgen demo: shop cannot be written: permission denied\n")


@pytest.mark.parametrize("broken", ["take", "recount"])
def test_demo_fails_if_a_step_does(broken: str, tmp_path: Path) -> None:
    """A server that does not behave ends the demo with 1, a message, and no process left."""
    before = children()
    patch = (
        "import rpcgen.cli._demo.tour as tour, pathlib, shutil, sys\n"
        f"project = pathlib.Path({str(tmp_path)!r}) / 'project'\n"
        "shutil.copytree(tour._PROJECT, project)\n"
        "server = project / 'server.py'\n"
        f"server.write_text(server.read_text().replace('def {broken}(self, ctx: Context', "
        f"'def {broken}(self, *_: object, **__: object) -> None: raise ValueError\\n    def _x(self, ctx: Context'))\n"
        "tour._PROJECT = project\n"
        "from rpcgen.cli.main import main\n"
        "main(['demo'])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", patch], capture_output=True, text=True, check=False, timeout=50
    )
    assert done.returncode == Exit.NEGATIVE
    assert "did not behave" in done.stderr
    assert not left(before)


def test_demo_ends_its_servers_when_it_is_ended() -> None:
    """SIGTERM in the middle leaves no process behind."""
    with subprocess.Popen(
        [sys.executable, "-m", "rpcgen.cli", "demo"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        while not process.stdout.readline().startswith("2. Start two servers"):
            pass
        process.send_signal(signal.SIGSTOP)  # it would be over before a busy host had looked
        servers = psutil.Process(process.pid).children(recursive=True)
        assert len(servers) == 2
        process.terminate()
        process.send_signal(signal.SIGCONT)
        process.communicate(timeout=20)
    assert process.returncode == Exit.INTERRUPTED
    assert not [server for server in servers if server.is_running()]


def test_demo_is_coloured_on_a_terminal() -> None:
    """On a terminal the tour is shown by rich, and says the same."""
    ours, theirs = os.openpty()
    env = {key: value for key, value in os.environ.items() if key != "NO_COLOR"} | {
        "TERM": "xterm-256color"
    }
    with (
        os.fdopen(ours, "rb") as screen,
        subprocess.Popen(
            [sys.executable, "-m", "rpcgen.cli", "demo"],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env=env,
        ) as process,
    ):
        os.close(theirs)
        shown = bytearray()
        with suppress(OSError):  # how a terminal says that the other side has gone
            while piece := screen.read1():
                shown += piece
        assert process.wait(20) == 0
    assert b"\x1b[" in shown
    assert b"All of it behaved" in shown
