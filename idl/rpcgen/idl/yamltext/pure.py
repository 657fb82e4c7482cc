"""PyYAML's pure parser, brought in line with the C one.

The language is what the C parser (and YAML 1.2) accept, and must not depend on whether libyaml is installed. The two
differ in three ways that a file can meet: `?` inside a flow scalar (`{a: int?}`), tabs between tokens, and the shape
of errors. This replaces the scanner's two functions behind the first two; `compose` sees to the third.
"""

# PyYAML's scanner carries no types, and this class is a part of it.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

from yaml.error import Mark
from yaml.events import Event
from yaml.parser import Parser
from yaml.reader import Reader
from yaml.scanner import Scanner, ScannerError
from yaml.tokens import (
    DirectiveToken,
    FlowEntryToken,
    FlowSequenceEndToken,
    ScalarToken,
    ValueToken,
)

_BREAKS = "\r\n\x85\u2028\u2029"
_BLANKS_AND_ENDS = "\0 \t" + _BREAKS
_FLOW = ",[]{}"


class PureParser(Reader, Scanner, Parser):
    """A drop-in for `yaml.CParser`, for hosts without libyaml; some ten times slower."""

    def __init__(self, text: str) -> None:
        Reader.__init__(self, text)
        Scanner.__init__(self)
        Parser.__init__(self)

    def scan_to_next_token(self) -> None:
        """Skip blanks, comments and line breaks; tabs count as blanks where libyaml says so."""
        found = False
        while not found:
            while self.peek() == " " or (
                self.peek() == "\t" and (self.flow_level or not self.allow_simple_key)
            ):
                self.forward()
            if self.peek() == "#":
                while self.peek() not in "\0" + _BREAKS:
                    self.forward()
            if self._line_break():
                if not self.flow_level:
                    self.allow_simple_key = True
            else:
                found = True

    def check_key(self) -> bool:
        """Say whether `?` here starts a key."""
        return bool(self.flow_level) or self.peek(1) in _BLANKS_AND_ENDS

    def scan_plain(self) -> ScalarToken:
        """Read an unquoted scalar as libyaml's `yaml_parser_scan_plain_scalar` does."""
        start = end = self.get_mark()
        indent = self.indent + 1
        chunks: list[str] = []
        blanks = ""
        leading_blanks = False
        while not self._document_indicator() and self.peek() != "#":
            length = self._plain_length(start)
            if length:
                chunks += (blanks, self.prefix(length))
                self.forward(length)
                leading_blanks = False
                self.allow_simple_key = False
                end = self.get_mark()
            if self.peek() not in " \t" + _BREAKS:
                break
            blanks, leading_blanks = self._plain_blanks(start, indent, leading_blanks)
            if not self.flow_level and self.column < indent:
                break
        if leading_blanks:
            self.allow_simple_key = True
        return ScalarToken("".join(chunks), True, start, end)

    def _line_break(self) -> str:
        return str(self.scan_line_break())  # type: ignore[no-untyped-call]

    def _document_indicator(self) -> bool:
        return (
            self.column == 0
            and self.prefix(3) in {"---", "..."}
            and self.peek(3) in _BLANKS_AND_ENDS
        )

    def _plain_length(self, start: Mark) -> int:
        length = 0
        while (character := self.peek(length)) not in _BLANKS_AND_ENDS:
            following = self.peek(length + 1)
            if self.flow_level and character == ":" and following in ",?[]{}":
                self.forward(length)
                raise ScannerError(
                    "while scanning a plain scalar", start, "found unexpected ':'", self.get_mark()
                )
            if character == ":" and following in _BLANKS_AND_ENDS:
                break
            if self.flow_level and character in _FLOW:
                break
            length += 1
        return length

    def _plain_blanks(self, start: Mark, indent: int, leading: bool) -> tuple[str, bool]:
        """Consume blanks and breaks; return what they fold to, and whether a line was broken."""
        spaces, first_break, breaks = "", "", ""
        while self.peek() in " \t" + _BREAKS:
            if self.peek() in " \t":
                if leading and self.column < indent and self.peek() == "\t":
                    problem = "found a tab character that violates indentation"
                    raise ScannerError(
                        "while scanning a plain scalar", start, problem, self.get_mark()
                    )
                if not leading:
                    spaces += self.peek()
                self.forward()
            elif leading:
                breaks += self._line_break()
            else:
                spaces, leading = "", True
                first_break = self._line_break()
        if not leading:
            return spaces, False
        if first_break == "\n":
            return breaks or " ", True
        return first_break + breaks, True

    def scan_directive(self) -> DirectiveToken:
        """Read a directive; PyYAML ignores those it does not know, libyaml refuses them."""
        token = super().scan_directive()
        if token.name not in {"YAML", "TAG"}:
            problem = "found unknown directive name"
            raise ScannerError(
                "while scanning a directive", token.start_mark, problem, token.end_mark
            )
        return token

    def scan_block_scalar_indentation(self) -> tuple[list[str], int, Mark]:
        """Find the indentation of a block scalar; libyaml refuses tabs in it."""
        found = super().scan_block_scalar_indentation()
        self._refuse_tab(self.column + 1)
        return found

    def scan_block_scalar_breaks(self, indent: int) -> tuple[list[str], Mark]:
        """Skip the indentation of the next line of a block scalar; libyaml refuses tabs in it."""
        found = super().scan_block_scalar_breaks(indent)
        self._refuse_tab(indent)
        return found

    def _refuse_tab(self, indent: int) -> None:
        if self.peek() == "\t" and self.column < indent:
            problem = "found a tab character where an indentation space is expected"
            raise ScannerError("while scanning a block scalar", None, problem, self.get_mark())

    def parse_flow_sequence_entry_mapping_key(self) -> Event:
        """Read `? key` in a list; libyaml also takes the token behind a lone `?`, and stumbles over the next."""
        token = self.get_token()  # type: ignore[no-untyped-call]
        if not self.check_token(ValueToken, FlowEntryToken, FlowSequenceEndToken):
            self.states.append(self.parse_flow_sequence_entry_mapping_value)
            return self.parse_flow_node()  # type: ignore[no-untyped-call,no-any-return]
        self.state = self.parse_flow_sequence_entry_mapping_value
        self.get_token()  # type: ignore[no-untyped-call]
        return self.process_empty_scalar(token.end_mark)
