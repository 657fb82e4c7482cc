"""What two walks over a pair of views have in common: the pair, where a walk is, and the list of changes.

An interface is compared with an older one twice. First the old file with what the new file says of that time, part by
part by name: what differs there is not dated. Then what the new file says of that time with what it says now, part by
part by its place in the file: what differs there is dated. Both walks are the same code. It knows no rule.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Container, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol, TypeVar

from rpcgen.idl.compat.change import Change, Root
from rpcgen.idl.contract import dates_text
from rpcgen.idl.model import Dated, Field, Interface, Method, Scalar, TypeExpr
from rpcgen.idl.position import Position
from rpcgen.idl.resolve import Resolved
from rpcgen.idl.timeline import exists
from rpcgen.idl.typetext import type_text
from rpcgen.idl.version import Version


class Part(Protocol):
    """Something with a place and dates: a method, an argument, a value, ..."""

    @property
    def position(self) -> Position:
        """Where it is."""
        ...

    @property
    def dated(self) -> Dated:
        """When it exists."""
        ...


P = TypeVar("P", bound=Part)


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a walk is.

    Attributes:
        root, way: as of a change.
        owner: the type, method, error or event whose parts are compared.
        place: where that is in the new file.
        path: the same as text, with what is below it.
        clock: the version of its own that it has in the new file, which decides what is written.
        unbounded: its older readers take values of any bounds, so nobody converts them.
        taken: what newer readers take it as, where the file says that it was another type.
        unsent: callers of both versions leave it out while it is empty.
    """

    root: Root
    owner: str
    place: Position
    was_at: Position | None
    path: str = ""
    way: tuple[str, ...] = ()
    clock: Version | None = None
    unbounded: bool = False
    taken: Resolved | None = None
    unsent: bool = False

    def part(self, name: str, place: Position, was_at: Position | None) -> Spot:
        """The spot of a named part."""
        path = f"{self.path or self.owner}.{name}"
        # Made for every part of every release, and `replace` takes four times as long.
        way, taken = (*self.way, name), self.taken
        return Spot(self.root, self.owner, place, was_at, path, way, self.clock, taken=taken)

    def items(self) -> Spot:
        """The spot of the items of a list, or the values of a map."""
        path = f"{self.path or self.owner}[]"
        return replace(self, path=path, way=(*self.way, "[]"), unsent=False)

    def keys(self) -> Spot:
        """The spot of the keys of a map."""
        path = f"{self.path or self.owner}[key]"
        return replace(self, path=path, way=(*self.way, "[key]"), unsent=False)

    def taking(self, taken: Resolved | None) -> Spot:
        """The same spot, taken as something else."""
        return replace(self, taken=taken)


@dataclass(slots=True)
class Walk:
    """One walk over a pair.

    Attributes:
        old, new: the two views.
        before, file: the whole of the old file, and of the new one.
        dated: the two are views of that one file.
        late: positions of parts that the file dates too late.
        fresh: positions of methods and events that the older file does not have, whatever the newer one says of them.
        born: the same of arguments and fields, each with its owner, as one may have them of a base that is as old as itself.
        closed: enums and unions that were open in the older file, and were not by what the newer one says of that time.
        settled: types in which nothing can be found.
        placed: the methods of the new file by their places, once one was asked for.
        became: its fields that were of another type once, likewise.
    """

    old: Interface
    new: Interface
    before: Interface
    file: Interface
    dated: bool
    settled: Container[str] = ()
    changes: list[Change] = field(default_factory=list[Change])
    late: set[Position] = field(default_factory=set[Position])
    fresh: set[Position] = field(default_factory=set[Position])
    born: set[tuple[str, Position]] = field(default_factory=set[tuple[str, Position]])
    closed: set[str] = field(default_factory=set[str])
    pairs: deque[tuple[str, str, Spot]] = field(default_factory=deque[tuple[str, str, Spot]])
    seen: set[tuple[str, str, str]] = field(default_factory=set[tuple[str, str, str]])
    followed: set[tuple[int, str]] = field(default_factory=set[tuple[int, str]])
    placed: dict[Position, Method] = field(default_factory=dict[Position, Method])
    became: dict[Position, Field] | None = None

    def found(
        self,
        subject: str,
        action: str,
        spot: Spot,
        *,
        name: str = "",
        before: str = "",
        after: str = "",
        since: str = "",
        told: str = "",
        required: bool = False,
        open: bool = False,
        silent: bool = False,
        kept: bool = False,
        unsent: bool = False,
    ) -> None:
        """Add a change of what is at a spot; the facts are those of `Change`, and nothing levels what is silent."""
        own = spot.way[-1] if spot.way else spot.owner
        change = Change(
            subject,
            action,
            spot.root,
            spot.path or spot.owner,
            spot.place,
            way=spot.way,
            owner=spot.owner,
            name=name or own,
            before=before,
            after=after,
            was_at=None if self.dated else spot.was_at,
            dated=self.dated,
            levelled=self.dated and spot.root.reader != "event" and not (spot.clock or silent),
            since=since,
            required=required,
            open=open,
            told=told,
            kept=kept,
            unsent=unsent,
        )
        self.changes.append(change)

    def whole(self, position: Position) -> Method:
        """Return the method of the new file at a place, with its history; a view of it may call it otherwise."""
        if not self.placed:
            self.placed.update((method.position, method) for method in self.file.methods.values())
        return self.placed[position]

    def later(self, old: str, new: str, spot: Spot) -> None:
        """Compare two named types when their turn comes: once for each kind of reader, and for what those take it as."""
        if old == new and new in self.settled:
            return
        reader = spot.root.audience
        if spot.taken is not None:
            reader = f"{reader} as {type_text(spot.taken.base)}"
        key = (old, new, reader)
        if key not in self.seen:
            self.seen.add(key)
            self.pairs.append((old, new, spot))

    def has_followed(self, type_: TypeExpr, spot: Spot) -> bool:
        """Whether the same text was compared before, for the same reader; then nothing new comes of it."""
        if isinstance(type_, Scalar):
            return True
        if spot.taken is not None:
            return False
        # Both files live longer than the walk, so an object's address names it.
        key = (id(type_), spot.root.audience)
        if key in self.followed:
            return True
        self.followed.add(key)
        return False

    def pairs_of(
        self, old: Mapping[str, P], new: Mapping[str, P]
    ) -> Iterator[tuple[P | None, P | None]]:
        """Yield what belongs together: by name, or by its place where both are of one file."""
        if old is new:
            for part in new.values():
                yield part, part
            return
        if not self.dated:
            for name, part in new.items():
                yield old.get(name), part
            for name, part in old.items():
                if name not in new:
                    yield part, None
            return
        before = {part.position: part for part in old.values()}
        for part in new.values():
            yield before.pop(part.position, None), part
        for part in before.values():
            yield part, None

    def is_late(self, part: P | None, same: Callable[[P], bool]) -> bool | None:
        """Whether a part that seems gone is only dated too late; None if the new file has no such name."""
        if part is None or self.dated or not exists(part.dated, self.file.version):
            return None
        if exists(part.dated, self.old.version) or not same(part):
            return False
        self.late.add(part.position)
        return True


def since_text(dated: Dated) -> str:
    """Return the dates of a part as the file writes them."""
    return dates_text(dated).strip()
