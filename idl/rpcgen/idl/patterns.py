"""The `pattern` constraint: readable by Python, and proven unable to run for long.

Patterns are searched for in values that strangers send, by a matcher that backtracks. One whose time is not provably
linear in the length of the value is refused when the interface is compiled, because nothing can stop it later.
"""

from __future__ import annotations

import re
import warnings

from rpcgen.idl.regex import ambiguity, automaton
from rpcgen.idl.regex.tree import parse
from rpcgen.idl.report import Report
from rpcgen.idl.yamltext.nodes import Text

MAX_LENGTH = 1_000
#: What all the different patterns of an interface may come to, in characters and in steps of proof.
MAX_TOTAL_LENGTH = 200_000
MAX_TOTAL_STEPS = 3_000_000

_HINT = "let no two repeats that follow or contain each other match the same text"


class PatternChecker:
    """Checks the patterns of one interface, each different one once."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[str, str]] = {}
        self._length = 0
        self._steps = 0

    def check(self, text: Text, report: Report) -> bool:
        """Report a pattern that cannot be used."""
        known = self._known.get(text.value)
        if known is None:
            known = self._known[text.value] = self._problem(text.value)
        rule, message = known
        if rule:
            report.error(rule, message, text.at, hint=_HINT if rule == "slow-pattern" else "")
        return not rule

    def _problem(self, pattern: str) -> tuple[str, str]:
        """Return the rule that a pattern breaks with a message, or nothing twice."""
        self._length += len(pattern)
        if len(pattern) > MAX_LENGTH:
            return "bad-pattern", f"a pattern has at most {MAX_LENGTH} characters"
        if self._length > MAX_TOTAL_LENGTH or self._steps > MAX_TOTAL_STEPS:
            return "bad-pattern", "the patterns of the interface are too much to check"
        try:
            with warnings.catch_warnings():
                # Python warns of sets such as [[a] that will mean something else one day.
                warnings.simplefilter("error")
                tree, flags = parse(pattern)
                re.compile(pattern)
            anchored = automaton.is_anchored(tree, flags)
            self._steps += ambiguity.check(automaton.build(tree, flags, anchored=anchored))
        except (re.error, OverflowError, Warning, ValueError) as error:
            return "bad-pattern", f"this is no regular expression: {getattr(error, 'msg', error)}"
        except RecursionError:
            return "bad-pattern", "the pattern is nested too deeply"
        except automaton.Refused as refused:
            self._steps += ambiguity.BUDGET // 4
            return "slow-pattern", f"the pattern may take very long on some texts: {refused}"
        return "", ""
