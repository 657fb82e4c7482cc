"""Puts the comments of a text, and its blank lines, where they belong in its tree.

A comment behind something belongs to it; one that has its line alone to what follows, or, if it is indented deeper than
that, to the end of what it is in. Knows nothing of what keys mean.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

from rpcgen.idl.fmt.tree import Collection, Item, Place, Scalar, items_of
from rpcgen.idl.yamltext.comments import Comment

#: Blanks before a comment behind something.
_GAP = 2


def attach(root: Collection, comments: Sequence[Comment], rows: Sequence[str]) -> list[str]:
    """Attach comments and blank lines to the items of a tree.

    Returns:
        the comments above everything, which stay on top of the file; a "" is a blank line.
    """
    places = _Places(root)
    head: list[str] = []
    for item, _ in places.all:
        item.blank = _after_blank(item.start[0], rows)
    for comment in comments:
        at = (comment.line - 1, comment.column - 1)
        if places.next(at) == 0:
            target = head
        elif comment.alone:
            target = _owner_alone(at, places)
        else:
            item = _owner_behind(at, places)
            gap = at[1] - len(rows[at[0]][: at[1]].rstrip())
            if gap > _GAP and not item.behind:
                # Somebody has aligned it.
                item.column = at[1]
            item.behind.append(comment.text)
            continue
        if _after_blank(at[0], rows):
            target.append("")
        target.append(comment.text)
    for item, _ in places.all:
        _lift(item)
    first = root.items[0] if root.items else None
    if head and first is not None and first.blank:
        head.append("")
        first.blank = False
    return head[1:] if head[:1] == [""] else head


class _Places:
    """All items in the order of the text, and what each is in."""

    def __init__(self, root: Collection) -> None:
        self.root = root
        self.all = list(items_of(root))
        self._starts = [item.start for item, _ in self.all]
        self._owners = {id(item.value): item for item, _ in self.all}
        self._parents = {id(item): parent for item, parent in self.all}

    def next(self, at: Place) -> int:
        """The number of the first item that starts behind a place."""
        return bisect_left(self._starts, at)

    def chain(self, at: Place) -> list[Item]:
        """The last item that starts before a place, and those that it is in, innermost first."""
        item: Item | None = self.all[self.next(at) - 1][0]
        found: list[Item] = []
        while item is not None:
            found.append(item)
            item = self._owners.get(id(self._parents[id(item)]))
        return found


def _lift(item: Item) -> None:
    """Put comments above an item for which there is no place in it or behind it."""
    item.above += item.behind[1:]
    del item.behind[1:]
    if isinstance(item.value, Collection) and not item.value.items:
        item.above += [comment for comment in item.value.below if comment]
        item.value.below = []


def _after_blank(line: int, rows: Sequence[str]) -> bool:
    return line > 0 and not rows[line - 1].strip()


def _owner_behind(at: Place, places: _Places) -> Item:
    """The item that a comment stands behind."""
    line = at[0]
    chain = places.chain(at)
    # What ends on this line and began on an earlier one: the comment follows its bracket or quote.
    ended = [each for each in chain if each.start[0] < line and _ends_before(each, at)]
    if ended:
        return ended[-1]
    here = [each for each in chain if each.start[0] == line and not _is_dash(each)]
    done = [each for each in here if _ends_before(each, at)]
    return (done or here or chain[:1])[-1]


def _ends_before(item: Item, at: Place) -> bool:
    value = item.value
    if isinstance(value, Collection) and not value.flow:
        return False
    return value.end[0] == at[0] and value.end[1] <= at[1]


def _is_dash(item: Item) -> bool:
    """Whether this is a dash with the first key of its map on the same line."""
    value = item.value
    block = isinstance(value, Collection) and not value.flow and bool(value.items)
    return item.key is None and block and value.start[0] == item.start[0]


def _owner_alone(at: Place, places: _Places) -> list[str]:
    """Where a comment goes that has its line alone."""
    number = places.next(at)
    following = places.all[number][0] if number < len(places.all) else None
    chain = places.chain(at)
    around = [each.value for each in chain if isinstance(each.value, Collection)]
    for collection in around:
        if collection.flow and collection.end > at:
            inside = following is not None and following.start < collection.end
            return following.above if following is not None and inside else collection.below
    # Between a key and its value on a later line.
    if isinstance(chain[0].value, Scalar) and chain[0].value.start > at:
        return chain[0].above
    # Comments keep their order: what comes behind one of an outer level is of that level, too.
    if following is not None and (following.above or at[1] <= following.start[1]):
        return following.above
    ended = [
        each
        for each in (*around, places.root)
        if not each.flow and each.items and each.items[-1].start < at
    ]
    for number, collection in enumerate(ended):
        outer = any(each.below for each in ended[number + 1 :])
        if collection.start[1] <= at[1] and not outer:
            return collection.below
    return following.above if following is not None else places.root.below
