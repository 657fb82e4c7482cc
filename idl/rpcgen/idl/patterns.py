"""Regular expressions of the language: readable by Python, and unable to run for ever."""

from __future__ import annotations

import re

from rpcgen.idl.report import Report
from rpcgen.idl.yamltext.nodes import Text


def check_pattern(text: Text, report: Report) -> bool:
    """Report a pattern that cannot be used."""
    try:
        re.compile(text.value)
    except re.error as error:
        report.error("bad-pattern", f"this is no regular expression: {error.msg}", text.at)
        return False
    return True
