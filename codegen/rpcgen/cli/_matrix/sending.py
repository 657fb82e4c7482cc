"""Sending one message, and finding out what became of it."""

from __future__ import annotations

from typing import Any, cast

import msgspec
from rpcgen.cli._matrix.cells import Cell, Done, Outcome, judged
from rpcgen.cli._matrix.compare import Differs, Passage
from rpcgen.cli._matrix.payloads import Answered
from rpcgen.cli._matrix.sayable import is_sayable
from rpcgen.cli._matrix.servers import SERVER, Journal, Taken
from rpcgen.idl.model import Form, Method, Route
from rpcgen.idl.resolve import error_fields
from rpcgen.idl.timeline import form_at, method_name_at
from rpcgen.idl.version import Version
from rpcgen.runtime import (
    BadArguments,
    BadResult,
    DeadlineExceeded,
    Malformed,
    NotSent,
    Rejected,
    RemoteError,
    VersionPinned,
)
from rpcgen.runtime.core.opaque import OpaqueCodecs

_WITHOUT_CODECS = OpaqueCodecs()

#: Seconds that a call, or the arrival of a cast, may take; and a cast after several were lost.
PATIENCE = 2.0
_IMPATIENCE = 0.05
_ENOUGH = 3

#: What an exception means, the first class that fits.
_MEANING: tuple[tuple[type[Exception], Outcome], ...] = (
    (VersionPinned, Outcome.PINNED),
    (NotSent, Outcome.UNREACHED),
    (DeadlineExceeded, Outcome.TIMEOUT),
    (BadArguments, Outcome.UNDECODABLE),
    (Malformed, Outcome.UNDECODABLE),
    (BadResult, Outcome.UNDECODABLE),
    (Rejected, Outcome.REFUSED),
)


class Sender:
    """Sends cells of one client, pinned like this, to one server."""

    def __init__(self, client: Any, journal: Journal) -> None:
        self._client = client
        self._journal = journal
        self._prepared: dict[str, Any] = {}
        self._lost = 0

    def send(self, cell: Cell) -> Done:
        """Run a cell."""
        if cell.asked is None:
            return judged(cell, Outcome.SKIPPED, None, cell.missing)
        journal = self._journal
        journal.begin(cell.answered.value if cell.answered is not None else None)
        name = cell.client.client_method(cell.method, cell.route.kind)
        send = getattr(self._via(cell.route), name)
        error: Exception | None = None
        value = None
        try:
            value = send(**cell.asked.keywords)
        except Exception as raised:
            error = raised
        if error is not None and not _is_planned(cell, error):
            return self._not_done(cell, error)
        event = journal.event(_IMPATIENCE if self._lost >= _ENOUGH else PATIENCE)
        self._lost = self._lost + 1 if event is None else 0
        if event is None:
            return judged(cell, Outcome.LOST, journal.needs, "neither handled nor refused")
        if isinstance(event, BaseException):
            return self._unheard(cell, event)
        try:
            check_arguments(cell, event)
            if cell.route.kind == "call":
                check_answer(cell, event, value, error)
        except Differs as differs:
            return judged(cell, Outcome.MISREAD, journal.needs, str(differs))
        return judged(cell, Outcome.OK, journal.needs, "")

    def _via(self, route: Route) -> Any:
        if route.to not in self._prepared:
            options: dict[str, Any] = {"timeout": PATIENCE}
            if route.to == "server":
                options["server"] = SERVER
            elif route.to == "fanout":
                options["fanout"] = True
            self._prepared[route.to] = self._client.prepare(**options)
        return self._prepared[route.to]

    def _not_done(self, cell: Cell, error: Exception) -> Done:
        needs, detail = self._journal.needs, f"{type(error).__name__}: {error}"
        outcome = next((each for cls, each in _MEANING if isinstance(error, cls)), Outcome.ERROR)
        if needs is None and outcome in (Outcome.UNDECODABLE, Outcome.REFUSED):
            outcome = Outcome.ERROR  # the client itself: the values are ours
        needless = False
        if outcome is Outcome.PINNED and cell.writes is not None and cell.asked is not None:
            interface = cell.client.interface
            needless = is_sayable(interface, cell.method, cell.route, cell.asked.plain, cell.writes)
        return judged(cell, outcome, needs, detail, needless=needless)

    def _unheard(self, cell: Cell, error: BaseException) -> Done:
        detail = f"{type(error).__name__}: {error}"
        outcome = Outcome.ERROR
        if isinstance(error, Rejected):
            broken = isinstance(error, (BadArguments, Malformed))
            outcome = Outcome.UNDECODABLE if broken else Outcome.UNHEARD
        return judged(cell, outcome, self._journal.needs, detail)


def _is_planned(cell: Cell, error: Exception) -> bool:
    """Whether a handler raised what it was told to, however it arrived."""
    planned = cell.answered is not None and cell.answered.error is not None
    return planned and isinstance(error, RemoteError) and not isinstance(error, BadResult)


def check_arguments(cell: Cell, taken: Taken) -> None:
    """Raise Differs unless the right handler got what was sent, in the types of its signature."""
    assert cell.asked is not None
    at, server = taken.needs, cell.server
    method = server.interface.methods[taken.method]
    sent_as, taken_as = method_name_at(cell.method, at), method_name_at(method, at)
    if sent_as != taken_as:
        raise Differs((), f"{sent_as} of {at}", f"{taken_as} (as {method.name})")
    struct = server.method_table(method).args
    _check_keywords(struct, taken.keywords)
    if _has_arguments(form_at(cell.method, at)) or _has_arguments(form_at(method, at)):
        return  # the program's converters made them
    Passage(cell.client.interface, server.interface, at, request=True).fields(
        cell.asked.plain,
        msgspec.to_builtins(struct(**taken.keywords)),
        cell.method.args.values(),
        method.args.values(),
        shown=struct.__struct_encode_fields__,
    )


def _check_keywords(struct: Any, keywords: dict[str, Any]) -> None:
    missing = set(struct.__struct_fields__) ^ set(keywords)
    if missing:
        raise Differs((), sorted(struct.__struct_fields__), sorted(keywords), "its keywords")
    got = struct(**keywords)
    try:
        typed = msgspec.convert(msgspec.to_builtins(got), struct, dec_hook=_WITHOUT_CODECS.decode)
    except msgspec.ValidationError as error:
        raise Differs((), "the types of the signature", keywords, str(error)) from error
    if typed != got:
        raise Differs((), typed, got, "of another type than the signature says")


def _has_arguments(form: Form | None) -> bool:
    return form is not None and form.args is not None


def check_answer(cell: Cell, taken: Taken, value: Any, error: Exception | None) -> None:
    """Raise Differs unless the caller got what the handler answered."""
    answered = cell.answered
    if answered is None:
        return
    method = cell.server.interface.methods[taken.method]
    last = cell.server.last_minor(taken.needs.major) or taken.needs
    reader = Version(taken.needs.major, min(taken.reader, last.minor))
    forms = form_at(cell.method, reader), form_at(method, reader)
    if any(form is not None and (form.returns or form.routes) for form in forms):
        return  # the program's converters made it
    passage = Passage(cell.server.interface, cell.client.interface, reader, request=False)
    if answered.error is not None:
        _check_error(cell, passage, answered, error)
    else:
        _check_value(passage, answered, value, method, cell.method)


def _check_value(
    passage: Passage, answered: Answered, value: Any, sent: Method, read: Method
) -> None:
    got = msgspec.to_builtins(value)
    if sent.returns is None or read.returns is None:
        if got is not None and answered.plain is not None:
            raise Differs(("the result",), answered.plain, got)
        return
    passage.value(answered.plain, got, sent.returns, read.returns, ("the result",))


def _check_error(cell: Cell, passage: Passage, answered: Answered, error: Exception | None) -> None:
    name = cast("str", answered.error)
    where = (f"the error {name}",)
    if error is None:
        raise Differs(where, name, "a result")
    known = next((each for each in cell.client.table.errors if each.name == name), None)
    if known is None:
        if cast("RemoteError", error).type_name != name:
            raise Differs(where, name, repr(error))
        return
    if not isinstance(error, known.cls):
        raise Differs(where, name, repr(error))
    names = known.fields.__struct_fields__
    got = msgspec.to_builtins(known.fields(**{each: getattr(error, each) for each in names}))
    mine, theirs = passage.sender.errors, passage.receiver.errors
    passage.fields(
        answered.plain,
        got,
        error_fields(mine[name], mine).values(),
        error_fields(theirs[name], theirs).values(),
        where,
    )
