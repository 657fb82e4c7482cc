"""YAML text -> nodes, by way of the parser's events.

Events, and not PyYAML's own composer, because it is recursive (900 brackets end it) and keeps the last of two equal
keys. Whatever YAML has beyond plain texts, lists and maps is refused here: anchors, aliases, merge keys, tags,
several documents; the tree is built all the same, without them, so that everybody else finds their mistakes, too. Which of the two parsers ran never shows in a result or an error.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import yaml
from rpcgen.idl.position import Position
from rpcgen.idl.report import Report
from rpcgen.idl.yamltext.flowtypes import Masked, flow_type, report_flow_type
from rpcgen.idl.yamltext.limits import (
    MAX_DEPTH,
    MAX_NODES,
    REFUSED_IN_VALUES,
    Budget,
    check_characters,
    report_character,
)
from rpcgen.idl.yamltext.nodes import Entry, Mapping, Node, Sequence, Text
from rpcgen.idl.yamltext.pure import PureParser
from rpcgen.idl.yamltext.syntax import report_syntax_error, syntax_message
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingStartEvent,
    ScalarEvent,
    SequenceStartEvent,
    StreamEndEvent,
)


class EventParser(Protocol):
    """What both of PyYAML's parsers are."""

    def get_event(self) -> Event | None: ...


PARSERS: dict[str, Callable[[str], EventParser]] = {"pure": PureParser}
if getattr(yaml, "__with_libyaml__", False):
    # PyYAML's C parser exists only where libyaml was found when it was built.
    from yaml._yaml import CParser

    PARSERS["c"] = CParser


def compose(
    text: str,
    file: str,
    report: Report,
    *,
    budget: Budget | None = None,
    parser: str | None = None,
) -> Node | None:
    """Read a text as one YAML document; None if it is empty or unreadable. Mistakes are reported.

    Args:
        text: the text, of any size that the caller accepts.
        file: its name in positions.
        report: takes the mistakes.
        budget: how many nodes may be made; a new one if there are no other files.
        parser: "c" or "pure"; the default is the C one where it exists.
    """
    text = text.removeprefix("\ufeff")
    if not check_characters(text, file, report):
        return None
    factory = PARSERS[parser or ("c" if "c" in PARSERS else "pure")]
    budget = budget or Budget()
    nodes = budget.nodes
    masked = Masked(text)
    while True:
        composer = _Composer(masked, file, report, budget)
        try:
            if not _feed(composer, factory(masked.text)):
                return None
            break
        except yaml.MarkedYAMLError as error:
            if not _step_over(error, masked, file, report, budget):
                return None
            budget.nodes = nodes
    if composer.root is None:
        report.error(
            "file-empty",
            "the file holds no interface",
            Position(file, 1, 1),
            hint="start with: rpcgen: 1",
        )
    return composer.root


def _feed(composer: _Composer, source: EventParser) -> bool:
    """Build the whole tree; False if it had to stay incomplete."""
    while (event := source.get_event()) is not None and type(event) is not StreamEndEvent:
        if composer.complete(event):
            break
        if not composer.feed(event):
            return False
    return True


def _step_over(
    error: yaml.MarkedYAMLError, masked: Masked, file: str, report: Report, budget: Budget
) -> bool:
    """Report what the parser could not read; mask it, so that the rest can be read, and return True if that is possible."""
    found = flow_type(error, masked.text)
    if found is None:
        report_syntax_error(error, masked.text, file, report)
        return False
    report_flow_type(found, masked, file, report)
    budget.reread -= found.start
    return budget.reread > 0 and not report.full and masked.mask(found)


class _Composer:
    """Builds the tree from events. `_open` holds the lists and maps that have not ended, outermost first."""

    def __init__(self, masked: Masked, file: str, report: Report, budget: Budget) -> None:
        self.root: Node | None = None
        self._masked = masked
        self._unreadable = False
        self._file = file
        self._report = report
        self._open: list[Sequence | Mapping] = []
        #: For each open map, the key that waits for its value; None if a key comes next. Unused for lists.
        self._keys: list[Text | None] = []
        self._budget = budget

    def complete(self, event: Event) -> bool:
        """Say whether the event starts a second document, which is reported and not read."""
        if type(event) is not DocumentStartEvent or self.root is None:
            return False
        self._extra("yaml-documents", "found a second document in the file", event)
        return True

    def feed(self, event: Event) -> bool:
        """Take one event; False if reading on makes no sense."""
        self._budget.nodes -= 1
        if self._budget.nodes < 0:
            message = f"there are more than {MAX_NODES} texts, lists and maps"
            self._error("file-too-large", message, self._at(event))
            return False
        return self._take(event) and not self._unreadable and not self._report.full

    def _take(self, event: Event) -> bool:
        kind = type(event)
        if isinstance(event, ScalarEvent):
            self._refuse_extras(event)
            return self._add(self._scalar(event))
        if kind is SequenceStartEvent or kind is MappingStartEvent:
            self._refuse_extras(event)
            at = self._at(event)
            return self._begin(Sequence([], at) if kind is SequenceStartEvent else Mapping({}, at))
        if kind is AliasEvent:
            self._extra("yaml-alias", f'found the alias "*{_name(event)}"', event)
            return self._add(Text("", self._at(event), refused=True))
        if kind.__name__ in {"SequenceEndEvent", "MappingEndEvent"}:
            self._open.pop()
            self._keys.pop()
        return True

    def _begin(self, node: Sequence | Mapping) -> bool:
        if len(self._open) >= MAX_DEPTH:
            self._error("yaml-depth", f"lists and maps are nested deeper than {MAX_DEPTH}", node.at)
            return False
        if not self._add(node):
            return False
        self._open.append(node)
        self._keys.append(None)
        return True

    def _add(self, node: Node) -> bool:
        if not self._open:
            if isinstance(node, Text) and node.missing:
                node.at = Position(self._file, 1, 1)
            self.root = node
            return True
        parent = self._open[-1]
        if isinstance(parent, Sequence):
            if isinstance(node, Text) and node.missing:
                node.at = parent.at
            parent.items.append(node)
            return True
        key = self._keys[-1]
        if key is None:
            return self._add_key(node, parent)
        self._keys[-1] = None
        if isinstance(node, Text) and node.missing:
            node.at = key.at
        if key.refused:
            return True
        if key.value in parent.entries:
            first = parent.entries[key.value].key
            message = f'the key "{key.value[:80]}" occurs twice'
            self._report.error(
                "yaml-duplicate-key", message, key.at, related=[(first.at, "first given here")]
            )
            return True
        parent.entries[key.value] = Entry(key, node)
        return True

    def _add_key(self, node: Node, parent: Mapping) -> bool:
        if not isinstance(node, Text):
            self._error(
                "yaml-key", "found a list or a map as a key", node.at, hint="a key is a text"
            )
            node = Text("", node.at, refused=True)
        elif node.plain and node.value == "<<":
            self._error("yaml-merge", "found a merge key", node.at, hint="write the entries out")
            node.refused = True
        parent.partial |= node.refused
        self._keys[-1] = node
        return True

    def _scalar(self, event: Any) -> Text:
        value = self._masked.restored(event.value)
        start, end = event.start_mark, event.end_mark
        one_line = start.line == end.line
        width = end.column - start.column if one_line else 1
        at = Position(self._file, start.line + 1, start.column + 1, width or 1)
        if (refused := REFUSED_IN_VALUES.search(value)) is not None:
            self._refuse_character(refused[0], at)
        if event.style is None or event.style == "":
            first = start.column + 1 if one_line and width == len(value) > 0 else 0
            return Text(value, at, True, first)
        first = start.column + 2 if one_line and width == len(value) + 2 else 0
        return Text(value, at, False, first)

    def _refuse_character(self, character: str, at: Position) -> None:
        if "\ud800" <= character <= "\udfff":
            # Only an escape can have written it; libyaml stops there.
            self._unreadable = True
            start = Position(at.file, at.line, at.column)
            self._report.error("yaml-syntax", syntax_message("unknown escape"), start)
        else:
            report_character(character, at, self._report)

    def _refuse_extras(self, event: Any) -> None:
        if event.anchor is not None:
            self._extra("yaml-anchor", f'found the anchor "&{event.anchor}"', event)
        if event.tag is not None:
            self._extra("yaml-tag", f'found the tag "{event.tag}"', event)

    def _extra(self, rule: str, message: str, event: Event) -> None:
        self._error(
            rule,
            message[:200],
            self._at(event),
            hint="an interface file uses only texts, lists and maps",
        )

    def _error(self, rule: str, message: str, at: Position, *, hint: str = "") -> None:
        self._report.error(rule, message, at, hint=hint)

    def _at(self, event: Any) -> Position:
        mark = event.start_mark
        return Position(self._file, mark.line + 1, mark.column + 1)


def _name(event: Any) -> str:
    return str(event.anchor)[:80]
