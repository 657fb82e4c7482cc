"""One search for a server, or for all servers, of a target: what to connect to, when to stop. Does not wait.

A poller calls `peer` or `everyone`; None means: call again when the engine has news, or at `due`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from time import monotonic
from typing import Final

from msgspec import Struct, field
from rpcgen.runtime import descriptors
from rpcgen.runtime.drivers.zeromq.engine import Engine
from rpcgen.runtime.drivers.zeromq.history import History
from rpcgen.runtime.drivers.zeromq.link import Link
from rpcgen.runtime.drivers.zeromq.matchmakers import Endpoint
from rpcgen.runtime.errors import AuthError, NotSent, RpcgenError
from rpcgen.runtime.target import Target

#: Seconds between two questions whether the matchmaker has settled.
_PAUSE: Final = 0.005

#: Seconds that a fanout allows the matchmaker to be behind.
_SPREAD: Final = 1.0

#: Free descriptors without which connecting may fail for want of them: attempts that end free a few for a moment.
_NEEDED: Final = 8

#: Servers that an error names.
_SHOWN: Final = 8


class _Survey(Struct):
    """How the servers that may serve the target stand; `before` is how earlier attempts at pending ones ended."""

    ready: list[Link] = field(default_factory=list[Link])
    pending: list[str] = field(default_factory=list[str])
    failed: dict[str, RpcgenError] = field(default_factory=dict[str, RpcgenError])
    before: dict[str, RpcgenError] = field(default_factory=dict[str, RpcgenError])
    elsewhere: int = 0


class Search:
    """The state of one search.

    Attributes:
        due: when to ask again even without news; infinity if that is not needed.
    """

    def __init__(self, engine: Engine, target: Target) -> None:
        self.due = math.inf
        self._engine = engine
        self._target = target
        self._began = monotonic()
        self._tried: set[str] = set()
        self._awaited: set[str] = set()
        self._survey = _Survey()

    def peer(self) -> Link | None:
        """A server that is ready; connects all that might serve the target.

        Raises:
            NotSent: nobody does, and that is certain.
            AuthError: the only ones who might refused us.
        """
        settled = self._engine.matchmaker.settled(self._began)
        survey = self._look()
        if survey.ready:
            # The pool's choice is a fair one; it may know less than we do (a server that rests).
            return self._engine.choose(self._target) or survey.ready[0]
        if survey.pending:
            return None
        if settled:
            raise self._nobody()
        self._ask_again()
        return None

    def everyone(self) -> tuple[Sequence[Link], Sequence[str]] | None:
        """All servers, once each is ready or has failed, and the names of those that failed.

        Raises:
            NotSent: there is none.
        """
        settled = self._engine.matchmaker.settled(self._began - _SPREAD)
        survey = self._look()
        if survey.pending:
            return None
        if settled:
            return self.everyone_so_far()
        self._ask_again()
        return None

    def everyone_so_far(self) -> tuple[Sequence[Link], Sequence[str]]:
        """As `everyone`, when the time is over; servers that did not answer count as failed."""
        survey = self._survey
        if not survey.ready:
            raise self._nobody()
        return survey.ready, [*survey.failed, *survey.pending]

    def overdue(self, timeout: float) -> NotSent:
        """The error of a search that ran out of time."""
        waiting = ", ".join(self._survey.pending[:_SHOWN])
        reasons = "; ".join([f"no answer yet from {waiting or 'anybody'}", *self._failures()])
        return NotSent(
            f"no server for {self._target} within {max(0.0, timeout):.3g} s"
            f" (looked in {self._engine.matchmaker.where}; {reasons})"
        )

    def _failures(self) -> list[str]:
        """Why some could not be connected to, and why perhaps all."""
        failed = [*self._survey.failed.items(), *self._survey.before.items()]
        reasons = [f"{name}: {error}" for name, error in failed[:_SHOWN]]
        short = descriptors.are_exhausted(_NEEDED)
        return [descriptors.complaint(), *reasons] if short else reasons

    def _ask_again(self) -> None:
        """The matchmaker is about to know more."""
        self.due = min(self.due, monotonic() + _PAUSE)

    def _look(self) -> _Survey:
        engine, target = self._engine, self._target
        self.due = math.inf
        self._survey = survey = _Survey()
        for endpoint in engine.look():
            if not endpoint.may_serve(target):
                survey.elsewhere += 1
                continue
            if target.server is None:
                engine.topics.add((target.exchange, target.topic))
            self._ask(endpoint)
        return survey

    def _ask(self, endpoint: Endpoint) -> None:
        """See how one endpoint stands; connect if nobody has since this search began."""
        engine, survey, history = self._engine, self._survey, self._engine.history(endpoint)
        now = monotonic()
        if endpoint.key not in engine.links and not self._has_tried(endpoint, now):
            wait = history.wait(now)
            if wait > 0:
                self.due = min(self.due, now + wait)
                survey.pending.append(endpoint.name)
                if history.error is not None:
                    survey.before[endpoint.name] = history.error
                return
            self._tried.add(endpoint.key)
            engine.connect(endpoint)
        link = engine.links.get(endpoint.key)
        if link is None:
            if not history.gone:  # else it is as if it had not been listed
                survey.failed[endpoint.name] = history.error or NotSent("it hung up")
        elif link.matches(self._target):
            survey.ready.append(link)
        elif link.state == "connecting":
            self._await(endpoint, history, now)
        else:
            survey.elsewhere += 1

    def _await(self, endpoint: Endpoint, history: History, now: float) -> None:
        """Wait for an attempt that is under way; whoever wants all servers waits less for one that failed before."""
        hopeless_from = history.hopeless_from() if self._target.fanout else None
        if hopeless_from is not None and now >= hopeless_from:
            self._survey.failed[endpoint.name] = history.error or NotSent("no answer yet")
            return
        if hopeless_from is not None:
            self.due = min(self.due, hopeless_from)
        self._survey.pending.append(endpoint.name)
        self._awaited.add(endpoint.key)

    def _has_tried(self, endpoint: Endpoint, now: float) -> bool:
        """Whether an attempt has ended that says how the server stands now: this search's own, or a later one.

        An earlier one counts if the server refused our key, or if all servers are wanted and it failed a moment ago.
        """
        history = self._engine.history(endpoint)
        return (
            endpoint.key in self._tried
            or history.has_failed_since(self._began)
            or (endpoint.key in self._awaited and isinstance(history.error, AuthError))
            or (self._target.fanout and history.has_just_failed(now))
        )

    def _nobody(self) -> NotSent:
        survey, target = self._survey, self._target
        reasons = self._failures()
        if survey.elsewhere:
            plural = "s" if survey.elsewhere > 1 else ""
            reasons.append(f"{survey.elsewhere} server{plural} there did not match")
        text = f"nobody serves {target} in {self._engine.matchmaker.where} ({'; '.join(reasons) or 'nobody is there'})"
        if survey.failed and all(isinstance(error, AuthError) for error in survey.failed.values()):
            return AuthError(text)
        return NotSent(text)
