"""Rules that neither random units nor directed messages meet, and why no message between two files could show each."""

from __future__ import annotations

from collections.abc import Mapping

_LONG = "judges versions, of which messages only carry those that files say"
_MANY = "needs more than two releases; histories of the check's own cases have them"
_OBJECT = "about objects of programs, whose attributes are in no message"
_NAMES = "about what the project keeps, and no message is between that and a file"

#: Each rule with its reason.
UNMET: Mapping[str, str] = {
    "bump-too-big": _LONG,
    "bump-too-small": _LONG,
    "version-decreased": _LONG,
    "version-not-bumped": _LONG,
    "version-skipped": _LONG,
    "pairwise-ok-transitive-bad": _MANY,
    "served-view-broken": _MANY,
    "major-dropped": "a server refuses the major that it no longer serves; that is what the file says, and a gate's own test",
    "attribute-added": _OBJECT,
    "attribute-changed": _OBJECT,
    "attribute-removed": _OBJECT,
    "history-rewritten": _NAMES,
    "interface-removed": _NAMES,
    "waiver-expired": _NAMES,
    "waiver-unused": _NAMES,
    "kept-message-broken": "is itself a message that was tried; the command's tests break and mend one",
    "delivery-lowered": "the message is the same, and only a broker keeps it: over memory both go the same way",
    "delivery-raised": "the message is the same, and only a broker repeats it: over memory both go the same way",
    "clock-behind": "says that a number was not raised; what its base gained is compared by rules of its own",
}
