"""What random units cannot show: one message for each rule about where and how messages go, between both files of a pair.

Nothing is random here. Client and server of either file run over the memory driver, and what becomes of the call is told
in full, so also that a change does no harm.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from rpcgen.idl.compat import compare, rule_ids
from rpcgen.idl.model import Interface
from rpcgen.runtime import RpcgenError, Server

from tests.idl.compat.cases import interface_of
from tests.verdicts.shifts import SHIFTS, Shift
from tests.verdicts.unmet import UNMET
from tests.versions.histories import Release
from tests.versions.product import compile_release, plain


@pytest.mark.parametrize("rule", SHIFTS)
def test_messages_go_where_the_rule_says(rule: str, tmp_path: Path) -> None:
    """The check finds it, and calls between the two versions end as they have to; those within one version arrive."""
    shift = SHIFTS[rule]
    old, new = (
        interface_of(f"interface: demo.{word}\n{body}", version)
        for word, version, body in (
            ("api", "1.3", shift.old),
            (shift.renamed, "1.4", shift.new),
        )
    )
    said = compare(old, new)
    assert (rule, shift.verdict) in {(each.rule, each.wire) for each in said.findings}
    oldest = interface_of(f"interface: demo.api\n{shift.oldest}", "1.2") if shift.oldest else old
    caller, *ends = [_End(each, tmp_path) for each in (oldest, old, new)]
    own = [plain(shift.answer(end.module)) for end in ends]
    assert [_told(end, end, shift, {}) for end in ends] == own
    assert _told(caller, ends[0], shift, {}) == own[0]
    assert _told(caller, ends[1], shift, shift.prepared) == shift.to_new
    assert _told(ends[1], ends[0], shift, shift.prepared) == shift.to_old


def test_every_rule_is_met_or_says_why_not() -> None:
    """What has a message here needs no excuse, and every name is a rule's."""
    assert set(SHIFTS).isdisjoint(UNMET)
    assert {*SHIFTS, *UNMET} - set(rule_ids()) == set()
    assert all(UNMET.values())


class _End:
    """What is generated of one file."""

    def __init__(self, interface: Interface, directory: Path) -> None:
        release = Release(interface.version, "", interface)
        package = compile_release(release, directory, f"end_{secrets.token_hex(6)}")
        self._words = interface.name.rpartition(".")[2].title()
        self.module = package.module

    def named(self, what: str) -> Any:
        """A generated class."""
        return getattr(self.module, f"{self._words}{what}")


def _told(client: _End, server: _End, shift: Shift, prepared: Mapping[str, str]) -> object:
    """What the caller gets, in plain words; the name of the error, if it is one."""

    def get(self: object, ctx: object) -> object:
        return shift.answer(server.module)

    endpoint = type("Handlers", (server.named("Endpoint"),), {"get": get})()
    url = f"memory://{secrets.token_hex(6)}"
    with Server(url, endpoints=[endpoint]), client.named("Client")(url) as proxy:
        try:
            return plain(proxy.prepare(**prepared).get())
        except RpcgenError as error:
            return type(error).__name__
