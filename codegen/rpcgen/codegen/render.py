"""The only module that knows Jinja: a template's name and views in, text out.

Templates come from this package's own folder and never from a text; what views hold is printed, never read as a
template.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

TEMPLATES = Path(__file__).parent / "templates"


def render(template: str, **views: object) -> str:
    """Render one file; it ends with one line break."""
    return _template(template).render(views).rstrip("\n") + "\n"


@cache
def _template(name: str) -> Template:
    return _environment().get_template(f"{name}.jinja")


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,
        auto_reload=False,
    )
