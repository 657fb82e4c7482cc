"""Templates hold order and blank lines only; all text is made before, where it is escaped."""

from __future__ import annotations

import errno
import re
from pathlib import Path

import pytest
from jinja2 import Environment, FileSystemLoader, nodes
from rpcgen.cli.main import run
from rpcgen.codegen.render import TEMPLATES

FILES = sorted(TEMPLATES.glob("*.jinja"))


def parsed(name: str) -> nodes.Template:
    """The tree of a template."""
    return Environment().parse((TEMPLATES / name).read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", [path.name for path in FILES])
def test_template_is_thin(name: str) -> None:
    """No assignments, filters, tests, calls of views or long chains; at most 80 lines."""
    text = (TEMPLATES / name).read_text(encoding="utf-8")
    tree = parsed(name)
    assert len(text.splitlines()) <= 80
    forbidden = (
        nodes.Assign,
        nodes.AssignBlock,
        nodes.Filter,
        nodes.FilterBlock,
        nodes.Include,
        nodes.Extends,
    )
    assert not list(tree.find_all(forbidden))
    for call in tree.find_all(nodes.Call):
        assert isinstance(call.node, nodes.Name), "only macros are called"
    for attribute in tree.find_all(nodes.Getattr):
        inner = attribute.node
        assert not (isinstance(inner, nodes.Getattr) and isinstance(inner.node, nodes.Getattr))


def test_templates_are_found() -> None:
    """There are as many templates as kinds of files, and the macros."""
    assert {path.stem for path in FILES} == {
        "_macros",
        "client",
        "converters",
        "descriptor",
        "endpoint",
        "errors",
        "init",
        "subscriber",
        "types",
    }


def test_nothing_else_renders() -> None:
    """One module knows Jinja, and it never makes a template of a text."""
    root = TEMPLATES.parent
    users = {
        path.name for path in root.rglob("*.py") if "jinja2" in path.read_text(encoding="utf-8")
    }
    assert users == {"render.py"}
    source = (root / "render.py").read_text(encoding="utf-8")
    assert not re.search(r"from_string|\bTemplate\(", source)


GOOD = 'rpcgen: 1\ninterface: demo.good\nversion: "1.0"\nmethods: {run: {call: any}}\n'


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with an interface file and a folder for templates."""
    (tmp_path / "good.yaml").write_text(GOOD)
    (tmp_path / "own").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_own_template_replaces_ours(folder: Path) -> None:
    """A template of the user's is used instead of ours of the same name, and may use our macros."""
    ours = (TEMPLATES / "client.jinja").read_text(encoding="utf-8")
    (folder / "own/client.jinja").write_text(
        ours.replace("{{ view.imports }}", "{{ view.imports }}\n\nOWN = 1")
    )
    assert run(["compile", "-q", "--templates", "own", "good.yaml"]) == 0
    found = {path.name: "OWN = 1" in path.read_text() for path in (folder / "demo_good").iterdir()}
    assert {name for name, own in found.items() if own} == {"client.py", "async_client.py"}


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("{{ header }}\n{% if %}", "client.jinja:2: "),
        ("{{ header }}\n{{ missing }}", "client.jinja: 'missing' is undefined"),
        ("{{ header }}\n{{ 1 // 0 }}", "client.jinja: ZeroDivisionError"),
        ("x = 1", "client.jinja: does not begin with {{ header }}"),
        ('{{ header }}{% include "../../secret" %}', "client.jinja: ../../secret"),
    ],
)
def test_wrong_template_is_explained(
    folder: Path, capsys: pytest.CaptureFixture[str], template: str, said: str
) -> None:
    """A mistake in a template is one line, with 2, and nothing is written."""
    (folder / "own/client.jinja").write_text(template)
    assert run(["compile", "--templates", "own", "good.yaml"]) == 2
    assert said in capsys.readouterr().err
    assert not (folder / "demo_good").exists()


@pytest.mark.usefixtures("folder")
def test_a_template_that_cannot_be_read_is_told(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the system's words, and by its name."""

    def refuse(*_: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", "own/client.jinja")

    monkeypatch.setattr(FileSystemLoader, "get_source", refuse)
    assert run(["compile", "--templates", "own", "good.yaml"]) == 2
    assert capsys.readouterr().err == (
        "rpcgen compile: nothing was written: own/client.jinja cannot be read: permission denied\n"
    )
