"""`--format`: which format a command's findings are printed in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, get_args

import click

Format = Literal["text", "json", "sarif", "github", "junit"]


def format_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the option; it takes it as `format_`."""
    return click.option(
        "--format",
        "format_",
        type=click.Choice(get_args(Format)),
        default="text",
        help="How to say it.",
    )(function)
