"""Whether two readers of one message understand the same: what the writer's own version reads is what it means.

Names of fields differ between versions; the numbers in them do not. Knows nothing of verdicts.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from rpcgen.idl.model import Enum, Field, Interface, Nullable, Struct, Union
from rpcgen.idl.version import Version
from rpcgen.runtime import ABSENT

from tests.verdicts.running import number_of
from tests.versions.product import Plain
from tests.versions.reference.dates import begun, exists


class Members:
    """What two files say of their arguments, fields and enums.

    Attributes:
        fields: by number, as the newer file has them; of copies of a type, that which tells of another form.
        usual: defaults and constants by number.
        absent: numbers of what a writer of one of the files may leave out.
        told: what readers may be told instead of values of enums.
        raw: tags of unions that one of the files does not know, so that its readers keep what they hold as it travels.
    """

    def __init__(self, files: tuple[Interface, Interface]) -> None:
        self.fields: dict[str, Field] = {}
        self.usual: defaultdict[str, list[Plain]] = defaultdict(list)
        self.absent: set[str] = set()
        self.told: defaultdict[str, list[str]] = defaultdict(list)
        self.raw = frozenset(set.symmetric_difference(*map(_tags, files)))
        for file in files:
            here: dict[str, Field] = {}
            for field in _members(file):
                number = number_of(field.name)
                here[number] = _telling(field, here.get(number))
                given = (field.default, field.constant)
                self.usual[number] += [each.value for each in given if each is not None]
                if self.usual[number] or isinstance(field.type, Nullable) or field.dated.since:
                    self.absent.add(number)
            for each in file.types.values():
                for value, instead in each.fallback.items() if isinstance(each, Enum) else ():
                    self.told[value].append(instead)
            self.fields |= here


@dataclass(frozen=True)
class Meaning:
    """A message on its way.

    Attributes:
        members: what its two files say.
        at: the version that it is written for, or read at.
        request: these are arguments; otherwise a result, an error or an event.
        levelled: whoever writes it knows which version reads it, and writes it as it was for that; not so an event.
    """

    members: Members
    at: Version
    request: bool
    levelled: bool = True

    def differs(self, meant: Plain, got: Plain, path: str = "") -> str:
        """Say where the reader understands something else; empty: nowhere."""
        match meant, got:
            case (tuple(), tuple()):
                return "" if meant[0] != got[0] else self.differs(meant[1], got[1], path)
            case (dict(), dict()):
                return self._maps(meant, got, path)
            case (list(), list()) if len(meant) == len(got):
                each = (
                    self.differs(one, other, f"{path}[]")
                    for one, other in zip(meant, got, strict=True)
                )
                return next(filter(None, each), "")
            case _ if self._same(meant, got):
                return ""
            case _:
                return f"{path or 'value'}: {meant!r} was understood as {got!r}"

    def _same(self, meant: Plain, got: Plain) -> bool:
        if isinstance(meant, bool) != isinstance(got, bool):
            return False
        if bool(meant == got):
            return True
        return not self.request and isinstance(meant, str) and got in self.members.told[meant]

    def _maps(self, meant: dict[Any, Plain], got: dict[Any, Plain], path: str) -> str:
        mine = {number_of(str(name)): each for name, each in meant.items()}
        theirs = {number_of(str(name)): each for name, each in got.items()}
        for number in [*mine, *(number for number in theirs if number not in mine)]:
            found = self._part(number, mine, theirs, f"{path}.{number}")
            if found:
                return found
        return ""

    def _part(
        self, number: str, mine: dict[str, Plain], theirs: dict[str, Plain], path: str
    ) -> str:
        field = self.members.fields.get(number)
        if number in mine and number in theirs:
            if number in self.members.raw and not self.request:
                return ""
            found = self.differs(mine[number], theirs[number], path)
            excused = found and field is not None and self._excused(field, theirs[number])
            return "" if excused else found
        if number not in mine:
            got = theirs[number]
            known = (
                got is ABSENT
                or got is None
                or any(got == each for each in self.members.usual[number])
            )
            return "" if known else f"{path}: nobody said {got!r}"
        meant = mine[number]
        if not self.request or meant is ABSENT or meant is None or meant in ("", [], {}):
            return ""
        if any(meant == each for each in self.members.usual[number]) or self._excused(field, None):
            return ""
        return f"{path}: {meant!r} got lost"

    def _excused(self, field: Field | None, got: Plain) -> bool:
        """Converters make other values, `drop` leaves them out, and so do results for older readers."""
        if field is None or not self.levelled:
            return False
        if any(each.converted or not self.request for each in field.was_type.values()):
            return True
        later = not begun(field.dated.since, self.at)
        unset = (
            got is None
            or got is ABSENT
            or any(got == each for each in self.members.usual[number_of(field.name)])
        )
        return later and unset and (not self.request or field.older == "drop")


def _telling(field: Field, other: Field | None) -> Field:
    return other if other is not None and other.was_type else field


def _members(interface: Interface) -> Iterator[Field]:
    """Every argument and field of a file."""
    for method in interface.methods.values():
        yield from method.args.values()
    for error in interface.errors.values():
        yield from error.fields.values()
    for type_ in interface.types.values():
        if isinstance(type_, Struct):
            yield from type_.fields.values()


def _tags(interface: Interface) -> set[str]:
    """The tags of a file's unions, but for those that ended."""
    unions = [each for each in interface.types.values() if isinstance(each, Union)]
    return {
        tag
        for each in unions
        for tag, member in each.members.items()
        if exists(member.dated, interface.version)
    }
