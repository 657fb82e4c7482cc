"""The only module that knows Jinja: a template's name and views in, text out.

Templates come from this package's own folder, or before that from one the user names; never from a text. What views
hold is printed, never read as a template.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from jinja2 import (
    Environment,
    FileSystemLoader,
    StrictUndefined,
    Template,
    TemplateError,
    TemplateSyntaxError,
)

TEMPLATES = Path(__file__).parent / "templates"


class BadTemplate(Exception):
    """A template of the user's cannot be used; the text says where and why."""


def render(template: str, folder: Path | None, **views: object) -> str:
    """Render one file; it ends with one line break.

    Args:
        template: its name, without ending.
        folder: where to look first; None for our own templates only.
        views: what it may print.

    Raises:
        BadTemplate: a template is wrong.
    """
    try:
        text = _template(template, folder).render(views)
    except TemplateError as error:
        raise BadTemplate(f"{_place(error, template)}: {error}") from error
    except Exception as error:
        if folder is None:
            raise
        if isinstance(error, OSError) and error.filename and error.strerror:
            raise BadTemplate(
                f"{error.filename} cannot be read: {error.strerror.lower()}"
            ) from error
        raise BadTemplate(f"{template}.jinja: {type(error).__name__}: {error}") from error
    return text.rstrip("\n") + "\n"


def _place(error: TemplateError, template: str) -> str:
    if isinstance(error, TemplateSyntaxError):
        return f"{error.filename}:{error.lineno}"
    return f"{template}.jinja"


@cache
def _template(name: str, folder: Path | None) -> Template:
    return _environment(folder).get_template(f"{name}.jinja")


@cache
def _environment(folder: Path | None) -> Environment:
    return Environment(
        loader=FileSystemLoader([TEMPLATES] if folder is None else [folder, TEMPLATES]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,
        auto_reload=False,
    )
