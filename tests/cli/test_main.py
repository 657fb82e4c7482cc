"""The command as a whole: its members, its help, and how it ends."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import click
import pytest
from rpcgen.cli import _exit
from rpcgen.cli._exit import Exit, as_failure
from rpcgen.cli._group import command_names, short_help
from rpcgen.cli.main import cli
from rpcgen.runtime import errors

from tests.cli.command import rpcgen

ROOT = Path(__file__).parents[2]
SHOP = """rpcgen: 1
interface: town.shop
version: "1.0"
methods: {put: {cast: any}}
"""


def module_of(name: str) -> str:
    return f"rpcgen.cli.{name.replace('-', '_')}"


def test_help_lists_every_command_with_its_short_help() -> None:
    """`rpcgen --help` names each file of the package, and the first line of its docstring."""
    help_ = " ".join(rpcgen("--help").out.split())
    for name in command_names():
        assert f"{name} {short_help(name)}" in help_


@pytest.mark.parametrize("name", command_names())
def test_a_command_is_one_file(name: str) -> None:
    """Each command is a click command called `command`; its own help begins with its short help."""
    command = import_module(module_of(name)).command
    assert isinstance(command, click.Command)
    assert (
        (command.help or "").split("\n\n")[0].replace("\n", " ").startswith(short_help(name)[:40])
    )


@pytest.mark.parametrize("name", command_names())
def test_a_command_is_documented(name: str) -> None:
    """Each command, and each of its options, has its place in docs/cli.md."""
    page = (ROOT / "docs/cli.md").read_text()
    found = re.search(rf"^## rpcgen {name}$(.*?)(?=^## |\Z)", page, re.M | re.S)
    assert found, f"docs/cli.md has no section for {name}"
    for parameter in import_module(module_of(name)).command.params:
        if isinstance(parameter, click.Option):
            assert any(f"`{spelling}" in found[1] for spelling in parameter.opts), parameter.opts


def test_every_exit_code_is_documented() -> None:
    """docs/cli.md has a row for each exit code."""
    page = (ROOT / "docs/cli.md").read_text()
    assert {int(code) for code in re.findall(r"^\| (\d+) \|", page, re.M)} == {
        int(code) for code in Exit
    }


def test_help_imports_no_command() -> None:
    """`rpcgen --help`, and completion, import neither a command nor idl, codegen, the runtime or a slow library."""
    slow = {"rpcgen.idl", "rpcgen.codegen", "rpcgen.runtime", "jinja2", "yaml", "rich", "msgspec"}
    code = (
        "import sys; from rpcgen.cli.main import cli, run; run(['--help'])\n"
        "import click; cli.shell_complete(click.Context(cli), '')\n"
        "print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.splitlines()[-1].split())
    assert not loaded & (slow | set(map(module_of, command_names())))


def test_help_is_quick() -> None:
    """`rpcgen --help` takes less than 0.3 s of processor time."""
    code = (
        "import resource, runpy, sys; sys.argv = ['rpcgen', '--help']\n"
        "try: runpy.run_module('rpcgen.cli', run_name='__main__')\n"
        "except SystemExit: pass\n"
        "used = resource.getrusage(resource.RUSAGE_SELF); print(used.ru_utime + used.ru_stime, file=sys.stderr)"
    )
    times = [
        float(
            subprocess.run(
                [sys.executable, "-c", code], capture_output=True, text=True, check=True
            ).stderr
        )
        for _ in range(3)
    ]
    assert min(times) < 0.3


def test_version() -> None:
    """`--version` prints the distribution's version."""
    done = rpcgen("--version")
    assert done.code == 0
    assert re.fullmatch(r"rpcgen \d+\.\d+\.\d+\S*\n", done.out)


def test_no_arguments_show_the_help() -> None:
    """Without arguments there is help, and the exit code of a usage error."""
    done = rpcgen()
    assert done.code == Exit.BAD_INPUT
    assert "Commands:" in done.out


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (
            ["desrcibe"],
            "rpcgen: no such command 'desrcibe'; did you mean 'describe'? (see rpcgen --help)",
        ),
        (["xyzzy"], "rpcgen: no such command 'xyzzy' (see rpcgen --help)"),
        (
            ["--versoin"],
            "rpcgen: no such option '--versoin'; did you mean '--version'? (see rpcgen --help)",
        ),
        (
            ["completion"],
            "rpcgen completion: missing argument '{bash|zsh|fish}'; choose from: bash, zsh, fish"
            " (see rpcgen completion --help)",
        ),
        (["health"], "rpcgen health: missing argument 'URL' (see rpcgen health --help)"),
        (
            ["ls", "zmq+ipc://x", "--timeout", "nan"],
            "rpcgen ls: invalid value for '--timeout': 'nan' is no number of seconds (see rpcgen ls --help)",
        ),
        (
            ["serve", "x:Y", "--url", "memory://x", "--drain", "NaN"],
            "rpcgen serve: invalid value for '--drain': 'NaN' is no number of seconds (see rpcgen serve --help)",
        ),
    ],
)
def test_a_wrong_command_line_is_one_line(args: list[str], message: str) -> None:
    """A usage error names the command, what was found and where help is; exit code 2."""
    done = rpcgen(*args)
    assert (done.code, done.out) == (Exit.BAD_INPUT, "")
    assert done.err == message + "\n"


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["compile", ""], "a FILE is empty; expected the path of an interface file"),
        (["fmt", ""], "a FILE is empty; expected the path of an interface file"),
        (["diff", ""], "a FILE is empty; expected the path of an interface file"),
        (
            ["describe", ""],
            "URL is empty; expected a transport URL or the path of an interface file",
        ),
        (
            ["compile", "a.yaml", "-o", ""],
            "where packages are written is empty; expected a folder",
        ),
        (
            ["compile", "a.yaml", "-I", ""],
            "where imports are read from is empty; expected a folder",
        ),
        (["check", "a.yaml", "--cases", ""], "where messages are kept is empty; expected a folder"),
        (["demo", "--keep", ""], "where the project is kept is empty; expected a folder"),
        (["schema", "-o", ""], "where the schema is written is empty; expected a file"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_path_that_is_empty_is_not_the_current_folder(
    tmp_path: Path, args: list[str], message: str
) -> None:
    """A variable that is empty says nothing: nothing is read or written."""
    done = rpcgen(*args, cwd=tmp_path)
    assert (done.code, done.out, done.err) == (2, "", f"rpcgen {args[0]}: {message}\n")
    assert list(tmp_path.iterdir()) == []


def test_an_error_of_the_runtime_is_one_line() -> None:
    """What rpcgen raises on purpose never shows a traceback."""
    done = rpcgen("ls", "zqm+ipc:///nowhere")
    assert done.code == Exit.BAD_INPUT
    assert done.err.startswith("rpcgen ls: ")
    assert done.err.count("\n") == 1


def test_a_closed_pipe_is_quiet() -> None:
    """`rpcgen schema | head -c 0` says nothing on stderr."""
    with subprocess.Popen(
        [sys.executable, "-m", "rpcgen.cli", "schema"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(30) == Exit.BROKEN_PIPE


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_pipe_that_is_closed_halfway_is_quiet(tmp_path: Path, unbuffered: str) -> None:
    """So it is where more is written than a pipe holds, and Python writes at once."""
    methods = "".join(f"  m{number}: {{call: any}}\n" for number in range(5_000))
    (tmp_path / "shop.yaml").write_text(f"{SHOP.partition('methods:')[0]}methods:\n{methods}")
    with subprocess.Popen(
        [sys.executable, "-m", "rpcgen.cli", "describe", "shop.yaml"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONUNBUFFERED": unbuffered},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.read(1)
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(30) == Exit.BROKEN_PIPE


@pytest.mark.parametrize("to", [">/dev/full", ">&-"])
@pytest.mark.parametrize(
    "args",
    ["--version", "", "check --help", "schema", "completion bash", "check shop.yaml", "demo"],
)
def test_output_that_cannot_be_written_is_one_line(to: str, args: str, tmp_path: Path) -> None:
    """A full disk, and a closed descriptor, are told as such; they are no bugs."""
    (tmp_path / "shop.yaml").write_text(SHOP)
    done = subprocess.run(
        ["sh", "-c", f'exec "$0" -m rpcgen.cli {args} {to}', sys.executable],
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    why = "No space left on device" if to == ">/dev/full" else "Bad file descriptor"
    command = args.partition(" ")[0] if args and args[0] != "-" else ""
    assert done.stderr == f"{f'rpcgen {command}'.strip()}: the output cannot be written: {why}\n"
    assert done.returncode == Exit.UNWRITTEN


def test_where_nothing_can_be_written_the_exit_code_tells() -> None:
    """Nor can the line that says so."""
    line = 'exec "$0" -m rpcgen.cli schema >/dev/full 2>/dev/full'
    done = subprocess.run(["sh", "-c", line, sys.executable], check=False)
    assert done.returncode == Exit.UNWRITTEN


def test_what_writes_nothing_needs_no_output(tmp_path: Path) -> None:
    """Where standard output is closed, a command that has nothing for it goes on, and what it opens is not written to."""
    (tmp_path / "shop.yaml").write_text(SHOP)
    done = subprocess.run(
        ["sh", "-c", 'exec "$0" -m rpcgen.cli bump --write shop.yaml >&-', sys.executable],
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    assert done.returncode == Exit.OK, done.stderr
    assert (tmp_path / "shop.yaml").read_text() == SHOP


def test_ctrl_c_is_quiet(tmp_path: Path) -> None:
    """SIGINT ends a command with 130 and without a traceback."""
    script = (
        "import signal, rpcgen.cli._remote as r\n"
        "from rpcgen.cli.main import main\n"
        # Whoever runs the tests in the background may have told all its children to ignore it.
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "r.Where.known = lambda self: (print('ready', flush=True), signal.pause())\n"
        "main(['ls', 'memory://x'])\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        try:
            assert process.stdout.readline() == "ready\n"
            process.send_signal(signal.SIGINT)
            assert process.stderr.read().strip() == "interrupted"
            assert process.wait(30) == Exit.INTERRUPTED
        finally:  # else a failure would wait for it for ever
            process.kill()


def test_every_error_of_the_runtime_has_an_exit_code() -> None:
    """The table of exit codes names only classes that exist, and reaches every one of them."""
    for name in _exit._CODES:
        assert issubclass(getattr(errors, name), errors.RpcgenError)
    for cls in vars(errors).values():
        if isinstance(cls, type) and issubclass(cls, errors.RpcgenError):
            assert as_failure(cls("why")) is not None


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion(shell: str) -> None:
    """Each shell gets code that names the command."""
    done = rpcgen("completion", shell)
    assert done.code == 0
    assert "_RPCGEN_COMPLETE" in done.out


def test_completion_completes() -> None:
    """What the shell's code asks for is answered."""
    env = {"_RPCGEN_COMPLETE": "bash_complete", "COMP_WORDS": "rpcgen comp", "COMP_CWORD": "1"}
    assert rpcgen(env=env).out.split() == ["plain,compile", "plain,completion"]


def test_the_group_is_what_click_sees() -> None:
    """Every command resolves through the group."""
    with click.Context(cli) as ctx:
        assert [cli.get_command(ctx, name) is not None for name in command_names()] == [True] * len(
            command_names()
        )
