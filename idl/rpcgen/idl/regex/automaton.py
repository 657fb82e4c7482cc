"""A pattern as an automaton whose states are the characters it may be waiting for.

Built from the tree of Python's own parser. Repeats that may run differently often become loops (a bounded one, too,
unless it is short and simple), which adds ambiguity and never hides any. Assertions are taken to hold always. Raises
`Refused` for what no automaton can do (backreferences, lookaround) and for patterns too big to prove anything about.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from rpcgen.idl.regex import charset
from rpcgen.idl.regex.tree import constants as c

MAX_STATES = 600
_SMALL_REPEAT = 8


class Refused(Exception):
    """The pattern uses something that cannot be proven fast."""


@dataclass(slots=True)
class Automaton:
    """State 0 is the start and consumes nothing. `follow[i]` are the states that may come after state i."""

    masks: list[int] = field(default_factory=lambda: [0])
    follow: list[set[int]] = field(default_factory=lambda: [set[int]()])
    #: States after which the whole pattern has matched, whatever comes next.
    accepting: set[int] = field(default_factory=set[int])
    #: Edges that exist for two reasons, such as the one of `(a+)+`.
    doubled: set[tuple[int, int]] = field(default_factory=set[tuple[int, int]])
    #: The state in which a search skips the text before a match; 0 if matches start at the beginning.
    skip: int = 0

    def connect(self, sources: frozenset[int], targets: frozenset[int]) -> None:
        """Add edges."""
        for source in sources:
            again = self.follow[source] & targets
            self.doubled.update((source, target) for target in again)
            self.follow[source] |= targets


@dataclass(frozen=True, slots=True)
class _Part:
    """A piece of the automaton: where it can begin, where it can end, and whether it can be empty.

    `sure` says that an empty match of it cannot fail, which an assertion's can.
    """

    first: frozenset[int]
    last: frozenset[int]
    empty: bool
    sure: bool = True


_EMPTY = _Part(frozenset(), frozenset(), True)
_ASSERTION = _Part(frozenset(), frozenset(), True, sure=False)


def build(tree: Any, flags: int, *, anchored: bool) -> Automaton:
    """Build the automaton of a parsed pattern; unless anchored, a search may skip any text first."""
    builder = _Builder(flags)
    part = builder.sequence(list(tree))
    automaton = builder.automaton
    automaton.follow[0] |= part.first
    if not anchored:
        skip = automaton.skip = builder.state(charset.ALL)
        automaton.follow[0].add(skip)
        automaton.follow[skip] |= {skip, *part.first}
    automaton.accepting |= part.last if part.sure else frozenset()
    return automaton


def is_anchored(tree: Any, flags: int) -> bool:
    """Say whether a match can only start at the beginning of the text."""
    if flags & re.MULTILINE:
        return False
    items = list(tree)
    if not items:
        return False
    op, argument = items[0]
    if op is c.AT:
        return argument in {c.AT_BEGINNING, c.AT_BEGINNING_STRING}
    if op is c.SUBPATTERN:
        return is_anchored(argument[3], flags)
    if op is c.BRANCH:
        return all(is_anchored(branch, flags) for branch in argument[1])
    return False


class _Builder:
    """Turns the parser's tree into states and edges. The parser limits the depth, so recursion is fine."""

    def __init__(self, flags: int) -> None:
        self.automaton = Automaton()
        self._flags = flags

    def state(self, mask: int) -> int:
        """Add a state."""
        if len(self.automaton.masks) >= MAX_STATES:
            raise Refused("it is too long")
        self.automaton.masks.append(charset.folded(mask, self._flags))
        self.automaton.follow.append(set())
        return len(self.automaton.masks) - 1

    def sequence(self, items: list[tuple[Any, Any]]) -> _Part:
        """Build parts that follow each other."""
        whole = _EMPTY
        for op, argument in items:
            whole = self._joined(whole, self._item(op, argument))
        return whole

    def _joined(self, left: _Part, right: _Part) -> _Part:
        self.automaton.connect(left.last, right.first)
        return _Part(
            left.first | right.first if left.empty else left.first,
            right.last | left.last if right.empty else right.last,
            left.empty and right.empty,
            # Whether the end is reached for certain depends on every piece behind the last character.
            right.sure and (left.sure or not right.empty),
        )

    def _single(self, mask: int) -> _Part:
        state = frozenset({self.state(mask)})
        return _Part(state, state, False)

    def _item(self, op: Any, argument: Any) -> _Part:
        if op is c.LITERAL:
            return self._single(charset.literal(argument))
        if op is c.NOT_LITERAL:
            mask = charset.folded(charset.literal(argument), self._flags)
            return self._single((charset.ALL & ~mask) | charset.OTHERS)
        if op is c.IN:
            return self._single(charset.members(argument, self._flags))
        if op is c.ANY:
            return self._single(charset.any_character(self._flags))
        if op is c.AT:
            return _ASSERTION
        if op is c.BRANCH:
            return self._branch(argument[1])
        if op is c.SUBPATTERN:
            return self._group(argument)
        if op is c.ATOMIC_GROUP:
            return self.sequence(list(argument))
        if op in {c.MAX_REPEAT, c.MIN_REPEAT, c.POSSESSIVE_REPEAT}:
            return self._repeat(*argument)
        raise Refused(_UNSUPPORTED.get(op, "it uses something that cannot be proven fast"))

    def _group(self, argument: Any) -> _Part:
        _, added, removed, body = argument
        outer = self._flags
        self._flags = (outer | added) & ~removed
        try:
            return self.sequence(list(body))
        finally:
            self._flags = outer

    def _branch(self, branches: list[Any]) -> _Part:
        parts = [self.sequence(list(branch)) for branch in branches]
        if sum(part.empty for part in parts) > 1:
            raise Refused("two alternatives in it can both match nothing")
        return _Part(
            frozenset[int]().union(*(part.first for part in parts)),
            frozenset[int]().union(*(part.last for part in parts)),
            any(part.empty for part in parts),
            all(part.sure for part in parts),
        )

    def _repeat(self, low: int, high: Any, body: Any) -> _Part:
        items = list(body)
        if high == 0:
            return _EMPTY
        if low == high:
            return self._times(items, low)
        if high is not c.MAXREPEAT and high <= _SMALL_REPEAT:
            return self._up_to(items, low, high)
        loop = self._loop(items)
        return loop if low > 0 else _Part(loop.first, loop.last, True, loop.sure)

    def _times(self, items: list[Any], count: int) -> _Part:
        """Repeat a fixed number of times: in full if that is small, else as a loop, which matches more."""
        if count > 64:
            return self._loop(items)
        whole = _EMPTY
        for _ in range(count):
            whole = self._joined(whole, self.sequence(items))
        return whole

    def _up_to(self, items: list[Any], low: int, high: int) -> _Part:
        """Repeat a few times: a copy for each, which only the copy before it leads to."""
        copies = [self._repeatable(items) for _ in range(high - low)]
        for one, following in pairwise(copies):
            self.automaton.connect(one.last, following.first)
        last = frozenset[int]().union(*(copy.last for copy in copies))
        optional = _Part(copies[0].first, last, True, all(copy.sure for copy in copies))
        return self._joined(self._times(items, low), optional)

    def _repeatable(self, items: list[Any]) -> _Part:
        part = self.sequence(items)
        if part.empty:
            raise Refused("it repeats something that can match nothing")
        return part

    def _loop(self, items: list[Any]) -> _Part:
        part = self._repeatable(items)
        self.automaton.connect(part.last, part.first)
        return part


_UNSUPPORTED: dict[Any, str] = {
    c.GROUPREF: "it refers back to a group",
    c.GROUPREF_EXISTS: "it depends on a group",
    c.GROUPREF_IGNORE: "it refers back to a group",
    c.ASSERT: "it looks ahead or behind",
    c.ASSERT_NOT: "it looks ahead or behind",
}
