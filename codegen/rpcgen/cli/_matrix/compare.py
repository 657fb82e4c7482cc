"""Whether a value arrived as it was sent, after what the two files say about its version.

Reads the two models, never the generated tables: what those got wrong shows here. Values are plain, in the newest shape
of the side that has them. Parts that a converter of the program makes are not compared.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeGuard

from rpcgen.idl.model import (
    Enum,
    Field,
    Interface,
    ListOf,
    MapOf,
    Named,
    Struct,
    TypeExpr,
    Union,
)
from rpcgen.idl.resolve import all_fields, resolve
from rpcgen.idl.timeline import exists, name_at
from rpcgen.idl.version import Version


class _Missing:
    def __repr__(self) -> str:
        return "nothing"


MISSING = _Missing()

Plain = Any
Path = tuple[str, ...]


class Differs(Exception):
    """A value is not the one that was sent; the text says where, and both."""

    def __init__(self, path: Path, sent: Plain, got: Plain, why: str = "") -> None:
        where = ".".join(path) or "the value"
        super().__init__(f"{where}: sent {sent!r:.80}, got {got!r:.80}{why and f' ({why})'}")


@dataclass(frozen=True, slots=True)
class Passage:
    """Values on their way from one side to the other.

    Attributes:
        sender, receiver: the two files.
        at: the version that the message names, or that its reader understands.
        request: these are arguments; results may be told otherwise to older readers.
    """

    sender: Interface
    receiver: Interface
    at: Version
    request: bool

    def fields(
        self,
        sent: Mapping[str, Plain],
        got: Mapping[str, Plain],
        mine: Iterable[Field],
        theirs: Iterable[Field],
        path: Path = (),
        *,
        clock: bool = False,
        shown: Container[str] | None = None,
    ) -> None:
        """Compare two sets of fields, of which the two files say `mine` and `theirs`; raises Differs.

        Args:
            clock: their dates count on versions of their own.
            shown: the names that the receiving program sees; None: what its newest version has.
        """
        mine, theirs = list(mine), list(theirs)
        wires = {name_at(each, self.at): each for each in mine if exists(each.dated, self.at)}
        if clock:  # their dates count on versions that the two sides may not share
            wires = {each.name: each for each in mine}
        known: set[str] = set()
        for field in theirs:
            there = clock or exists(field.dated, self.at)
            wire = field.name if clock else name_at(field, self.at)
            known |= {wire} if there else set()
            seen = clock or exists(field.dated, self.receiver.version)
            if field.constant is not None or not (seen if shown is None else field.name in shown):
                continue
            value = got.get(field.name, MISSING)
            origin = wires.get(wire) if there else None
            if origin is None:
                if not _is_unset(value, field):
                    raise Differs((*path, field.name), MISSING, value, "nobody sent it")
            else:
                self._field(sent.get(origin.name, MISSING), value, origin, field, path)
        for field in mine:
            self._not_lost(sent.get(field.name, MISSING), field, known, path, clock)

    def _field(self, sent: Plain, got: Plain, mine: Field, theirs: Field, path: Path) -> None:
        if mine.constant is not None or self._converted(mine) or self._converted(theirs):
            return
        where = (*path, mine.name)
        if _is_unset(sent, mine):
            if not (got == sent or _is_unset(got, theirs) or _is_unset(got, mine)):
                raise Differs(where, sent, got)
            return
        if got is MISSING and theirs.default is not None:
            got = theirs.default.value
        self.value(sent, got, mine.type, theirs.type, where)

    def _converted(self, field: Field) -> bool:
        """Whether the program's converter had a hand in it: older readers of results may need one always."""
        return any(
            until > self.at and (older.converted or not self.request)
            for until, older in field.was_type.items()
        )

    def _not_lost(
        self, sent: Plain, field: Field, known: set[str], path: Path, clock: bool
    ) -> None:
        """What was sent must have had a place on the other side, or be one that may be dropped."""
        if clock or field.constant is not None or _is_unset(sent, field):
            return
        if exists(field.dated, self.at):
            if name_at(field, self.at) not in known:
                raise Differs((*path, field.name), sent, MISSING, "the other side does not know it")
        elif self.request and field.older != "drop" and not field.dated.until:
            raise Differs((*path, field.name), sent, MISSING, "dropped, though it was set")

    def value(
        self, sent: Plain, got: Plain, mine: TypeExpr, theirs: TypeExpr, path: Path = ()
    ) -> None:
        """Compare two values; raises Differs."""
        own, other = resolve(mine, self.sender.types), resolve(theirs, self.receiver.types)
        if own is None or other is None or sent is None or got is None or got is MISSING:
            if sent is not None or got is not None:
                raise Differs(path, sent, got)
            return
        match own.base, other.base:
            case (ListOf(inner), ListOf(outer)) if _is_list(sent) and _is_list(got):
                self._list(sent, got, inner, outer, path)
            case (MapOf(_, inner), MapOf(_, outer)) if _is_map(sent) and _is_map(got):
                self._map(sent, got, inner, outer, path)
            case (Named(name), Named(named)):
                self._named(sent, got, self.sender.types[name], self.receiver.types[named], path)
            case _:
                _check_equal(sent, got, path)

    def _list(
        self, sent: list[Plain], got: list[Plain], mine: TypeExpr, theirs: TypeExpr, path: Path
    ) -> None:
        if len(sent) != len(got):
            raise Differs(path, sent, got)
        for number, (one, other) in enumerate(zip(sent, got, strict=True)):
            self.value(one, other, mine, theirs, (*path, str(number)))

    def _map(
        self,
        sent: dict[Plain, Plain],
        got: dict[Plain, Plain],
        mine: TypeExpr,
        theirs: TypeExpr,
        path: Path,
    ) -> None:
        if set(sent) != set(got):
            raise Differs(path, sent, got)
        for key, item in sent.items():
            self.value(item, got[key], mine, theirs, (*path, str(key)))

    def _named(self, sent: Plain, got: Plain, mine: object, theirs: object, path: Path) -> None:
        match mine, theirs:
            case (Struct(), Struct()) if _is_map(sent) and _is_map(got):
                self.fields(
                    sent,
                    got,
                    all_fields(mine, self.sender.types).values(),
                    all_fields(theirs, self.receiver.types).values(),
                    path,
                    clock=mine.version is not None,
                )
            case (Union(), Union()) if _is_map(sent) and _is_map(got):
                (tag,), (tagged,) = _known(sent), _known(got)
                if tag != tagged:
                    raise Differs(path, sent, got)
                # What its reader does not know is kept as it came, in no shape that can be compared.
                if tag in mine.members and tag in theirs.members and "" not in got:
                    types = mine.members[tag].type, theirs.members[tag].type
                    self.value(sent[tag], got[tag], *types, (*path, tag))
            case (Enum(), Enum()):
                _check_equal(self._told(sent, mine), got, path)
            case _:
                _check_equal(sent, got, path)

    def _told(self, value: Plain, enum: Enum) -> Plain:
        """What an older reader is told instead of a value of a result."""
        while (
            not self.request
            and value in enum.fallback
            and not exists(enum.members[value].dated, self.at)
        ):
            value = enum.fallback[value]
        return value


def _check_equal(sent: Plain, got: Plain, path: Path) -> None:
    if sent != got or isinstance(sent, bool) != isinstance(got, bool):
        raise Differs(path, sent, got)


def _is_unset(value: Plain, field: Field) -> bool:
    """Whether a value is what an absent field reads as, or may be left out for."""
    if value is MISSING or value is None or value in ("", [], {}):
        return True
    default = field.default
    return default is not None and value == default.value and type(value) is type(default.value)


def _is_list(value: Plain) -> TypeGuard[list[Plain]]:
    return isinstance(value, list)


def _is_map(value: Plain) -> TypeGuard[dict[Plain, Plain]]:
    return isinstance(value, dict)


def _known(value: dict[str, Plain]) -> dict[str, Plain]:
    """A union's value as it travels: a member that its reader does not know is kept apart."""
    inner: dict[str, Plain] = value.get("", value)
    return inner
