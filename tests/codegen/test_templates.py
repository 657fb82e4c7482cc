"""Templates hold order and blank lines only; all text is made before, where it is escaped."""

from __future__ import annotations

import re

import pytest
from jinja2 import Environment, nodes
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
        "descriptor",
        "endpoint",
        "errors",
        "init",
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
    assert not re.search(r"from_string|Template\(", source)
