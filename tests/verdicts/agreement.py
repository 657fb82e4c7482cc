"""Whether what the check says of a pair agrees with what became of its messages. Knows nothing of how they were sent."""

from __future__ import annotations

from collections.abc import Collection, Set

from rpcgen.idl.compat import Comparison, Finding, Verdict
from rpcgen.idl.model import Interface, Method, OlderType, Union

from tests.verdicts.meaning import Members
from tests.verdicts.pairs import Pair, has_forms
from tests.verdicts.running import number_of
from tests.versions.reference.dates import exists

#: Findings about dates that are wrong in requests: their messages fail on servers that the file promises they suit.
DATES = frozenset({"since-missing", "since-too-old", "widening-undated"})
#: Findings about what it means that something is not there.
ABSENCE = frozenset({"default-changed", "default-removed", "result-field-became-optional"})


def disagreement(pair: Pair, said: Comparison, found: str) -> str:
    """Say where the two disagree; empty: nowhere.

    Args:
        said: what the check finds.
        found: a message of the pair that fails or changes its meaning; empty: there is none.
    """
    promised = shown(pair, said)
    if promised and not found:
        rules = ", ".join(f"{each.rule} of {each.path}" for each in promised)
        return f"no message shows {rules}"
    wrong = any(each.severity == "error" or each.wire == Verdict.MAJOR for each in said.findings)
    if found and not wrong:
        return f"{said.verdict}, but: {found}"
    return ""


def shown(pair: Pair, said: Comparison) -> list[Finding]:
    """The findings that there has to be a message for."""
    rarely = _errors(pair) - _called_for(pair)
    since = {each.path for each in said.findings if each.change and each.change.dated}
    since |= {each.path for each in said.findings if _is_never_left_out(pair.new, each)}
    shown = [each for each in said.findings if _is_shown(each, rarely, since)]
    return [
        each
        for each in shown
        if not _has_ended(pair.new, each)
        and not _is_converted(pair.new, each)
        and not _is_undone(each, said)
    ]


def _is_shown(finding: Finding, rarely: Set[str], since: Set[str]) -> bool:
    """Whether a message shows it.

    Args:
        rarely: errors that no method raises which callers of both versions can call, so that nobody writes them to the other.
        since: what the newer file says to be otherwise now, which hides what it says wrongly of before.
    """
    change = finding.change
    if (
        change is None
        or finding.unseen
        or (change.root.reader == "error" and change.root.name in rarely)
    ):
        return False
    if finding.wire == Verdict.MAJOR:
        return True
    # What a type takes anyhow fails nowhere.
    dated = finding.rule in DATES and finding.path not in since
    return dated and change.direction == "request" and not change.open


def _has_ended(interface: Interface, finding: Finding) -> bool:
    """Whether it is a member of a union that took what it had taken before, and more, when it ended."""
    change = finding.change
    union = interface.types.get(change.owner) if change is not None else None
    member = union.members.get(change.name) if change and isinstance(union, Union) else None
    widened = finding.rule in ("result-type-widened", "result-field-became-optional")
    return widened and member is not None and bool(member.dated.until)


def _is_converted(interface: Interface, finding: Finding) -> bool:
    """Whether the program's converters stand between the message and its reader."""
    change = finding.change
    if change is None:
        return False
    method = interface.methods.get(change.root.name)
    if method is not None and has_forms(method):
        return True
    # What a converter takes or makes is never absent, whatever the older form says of that.
    older = _older_types(interface, finding)
    return finding.rule in ABSENCE and any(each.converted for each in older)


def _is_never_left_out(interface: Interface, finding: Finding) -> bool:
    """Whether it may be absent now, and peers that write less do not leave it out, as it was of another type once."""
    undated = finding.change is not None and not finding.change.dated
    optional = undated and finding.rule == "request-field-became-optional"
    return optional and bool(_older_types(interface, finding))


def _older_types(interface: Interface, finding: Finding) -> Collection[OlderType]:
    """What an argument or field was, as the file says."""
    fields = Members((interface, interface)).fields
    field = fields.get(number_of(finding.change.name)) if finding.change is not None else None
    return field.was_type.values() if field is not None else ()


def _is_undone(finding: Finding, said: Comparison) -> bool:
    """Whether a part changed twice, as the file says that it was otherwise than it was; nobody writes that.

    Events are written as they are now; so is what has to be there now, whatever the file says that it could be before.
    """
    changes = [each.change for each in said.findings if each.path == finding.path]
    ways = {change.dated for change in changes if change is not None}
    if finding.change is None or len(ways) != 2:
        return False
    return finding.change.root.reader == "event" or finding.rule in ABSENCE


def _errors(pair: Pair) -> set[str]:
    return {*pair.old.errors, *pair.new.errors}


def _called_for(pair: Pair) -> set[str]:
    """The errors that a method raises in either version which has it in both, what extends one included."""
    methods = [_methods(file) for file in (pair.old, pair.new)]
    both = methods[0].keys() & methods[1].keys()
    declared = {
        raised.error for file in methods for number in both for raised in file[number].raises
    }
    errors = [*pair.old.errors.values(), *pair.new.errors.values()]
    return declared | {each.name for each in errors if each.extends in declared}


def _methods(interface: Interface) -> dict[str, Method]:
    """The methods that can be called, by what stays the same when they are renamed."""
    return {
        number_of(each.name): each
        for each in interface.methods.values()
        if exists(each.dated, interface.version)
        and any(route.kind == "call" for route in each.routes)
    }
