"""What other tools run in users' projects: the hooks of pre-commit, and the action of GitHub."""

from __future__ import annotations

import os
import re
import shutil
import site
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from rpcgen.cli._group import command_names

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
PROJECT = '[tool.rpcgen]\nfiles = ["*.yaml"]\noutput = "src"\n'
GOOD = """\
rpcgen: 1
interface: shop.stock
version: "1.0"
doc: What is on the shelf.

methods:
  take:
    doc: Take one.
    call: any
    timeout: 5s
"""
#: Installs what is here without the network: dependencies are those of the environment that runs the tests.
OFFLINE = {
    "PIP_NO_DEPS": "1",
    "PIP_NO_BUILD_ISOLATION": "0",
    "PIP_NO_INDEX": "1",
    "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    "PIP_REQUIRE_VIRTUALENV": "0",
}
COMMIT = ("-c", "user.name=t", "-c", "user.email=t@localhost", "commit", "-qm", "All")


def run(*command: str | Path, cwd: Path, env: dict[str, str] | None = None) -> tuple[int, str]:
    """Run a program: its exit code, and what it printed."""
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env={**os.environ, **(env or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=110,
        check=False,
    )
    return done.returncode, done.stdout


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository that holds what users get: the sources, the hooks and the action."""
    folder = tmp_path_factory.mktemp("rpcgen")
    for name in ("idl", "codegen", "runtime"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in (".pre-commit-hooks.yaml", "action.yml", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, folder)
    commit(folder)
    return folder


def commit(folder: Path) -> None:
    """Commit everything in a folder."""
    for command in (("init", "-q"), ("add", "-A"), COMMIT):
        assert run("git", *command, cwd=folder)[0] == 0


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project in which everything is as it should be."""
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "pyproject.toml").write_text(PROJECT)
    (folder / "shop.yaml").write_text(GOOD)
    assert run(BIN / "rpcgen", "compile", "-q", cwd=folder)[0] == 0
    return folder


def yaml_of(name: str) -> Any:
    """A file of the repository's."""
    return yaml.safe_load((ROOT / name).read_text())


def offline(folder: Path) -> dict[str, str]:
    """An environment in which installing needs no network, and leaves nothing elsewhere."""
    packages = os.pathsep.join(site.getsitepackages())
    return {**OFFLINE, "PYTHONPATH": packages, "PRE_COMMIT_HOME": str(folder / "pre-commit")}


@pytest.mark.timeout(180)
def test_hooks_of_pre_commit(source: Path, project: Path, tmp_path: Path) -> None:
    """pre-commit installs and runs all hooks: they accept a good project, and each says what it does not accept."""
    hooks = [hook["id"] for hook in yaml_of(".pre-commit-hooks.yaml")]
    _, head = run("git", "rev-parse", "HEAD", cwd=source)
    config = {
        "repos": [
            {"repo": str(source), "rev": head.strip(), "hooks": [{"id": id_} for id_ in hooks]}
        ]
    }
    (project / ".pre-commit-config.yaml").write_text(yaml.safe_dump(config))
    commit(project)
    env = offline(tmp_path)
    everything = (BIN / "pre-commit", "run", "--all-files", "--color=never")
    code, out = run(*everything, cwd=project, env=env)
    assert (code, out.count("Passed")) == (0, len(hooks)), out
    (project / "shop.yaml").write_text(GOOD.replace("take", "takeOne").replace("5s", " 5s"))
    code, out = run(*everything, cwd=project, env=env)
    failed = re.findall(r"- hook id: (\S+)\n- exit code: (\d+)", out)
    assert code == 1
    assert dict(failed) == {"rpcgen-lint": "1", "rpcgen-compile": "1"}, out
    assert "- hook id: rpcgen-fmt\n- files were modified by this hook\n" in out
    assert "error[name-style]" in out


@pytest.mark.timeout(180)
def test_action(source: Path, project: Path, tmp_path: Path) -> None:
    """The steps of the action run as GitHub runs them: one that fails does not keep the others from running."""
    action = yaml_of("action.yml")
    values = {
        "github.action_path": str(source),
        "inputs.folder": str(project),
        "inputs.commands": action["inputs"]["commands"]["default"],
    }

    def run_steps(steps: list[Any]) -> tuple[int, str]:
        code, out = 0, ""
        for step in steps:
            assert step["shell"] == "bash"
            env = {**offline(tmp_path), "RUNNER_TEMP": str(tmp_path)}
            env |= {name: filled(text, values) for name, text in step["env"].items()}
            folder = Path(filled(step.get("working-directory", "."), values))
            # https://docs.github.com: bash --noprofile --norc -eo pipefail {0}
            code, out = run(
                "bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"],
                cwd=folder, env=env,
            )  # fmt: skip
            if code:
                break
        return code, out

    steps = action["runs"]["steps"]
    code, out = run_steps(steps)
    assert code == 0, out
    assert "nothing found" in out
    (project / "shop.yaml").write_text(GOOD.replace("take", "takeOne").replace("5s", " 5s"))
    # What is installed stays.
    code, out = run_steps(steps[1:])
    assert code == 1
    for expected in ("would format shop.yaml", "title=name-style::", "out of date"):
        assert expected in out


def filled(text: str, values: dict[str, str]) -> str:
    """A text with GitHub's expressions replaced."""
    return re.sub(r"\$\{\{ ([\w.]+) \}\}", lambda match: values[match[1]], text)


def test_only_commands_that_there_are_run_in_ci() -> None:
    """The hooks, the action and the page about CI name commands that exist, and the page names every hook."""
    page = (ROOT / "docs/how-to/check-in-ci.md").read_text()
    hooks = yaml_of(".pre-commit-hooks.yaml")
    lines = [hook["entry"].removeprefix("rpcgen ") for hook in hooks]
    lines += yaml_of("action.yml")["inputs"]["commands"]["default"].splitlines()
    lines += re.findall(r"^ +- rpcgen (.*)$", page, re.M)
    assert len(lines) > 8
    assert {line.split()[0] for line in lines} <= set(command_names())
    assert re.findall(r"^ +- id: (\S+)$", page, re.M) == [hook["id"] for hook in hooks]
