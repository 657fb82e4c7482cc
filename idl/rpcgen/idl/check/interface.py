"""All checks of a whole interface, in one list."""

from __future__ import annotations

from collections.abc import Callable

from rpcgen.idl.check.clocks import check_clocks
from rpcgen.idl.check.dating import check_dating
from rpcgen.idl.check.endings import check_endings
from rpcgen.idl.check.fallbacks import check_fallbacks
from rpcgen.idl.check.forms import check_forms
from rpcgen.idl.check.graph import check_graph
from rpcgen.idl.check.names import check_names
from rpcgen.idl.check.nesting import check_nesting
from rpcgen.idl.check.paths import check_ordering_keys
from rpcgen.idl.check.policies import check_policies
from rpcgen.idl.check.use import check_use
from rpcgen.idl.check.values import check_values
from rpcgen.idl.model import Interface
from rpcgen.idl.report import Report

Check = Callable[[Interface, Report], None]

CHECKS: tuple[Check, ...] = (
    check_graph,
    check_use,
    check_clocks,
    check_policies,
    check_ordering_keys,
)

#: Checks that compare dates with the versions that are spoken.
DATED_CHECKS: tuple[Check, ...] = (
    check_dating,
    check_nesting,
    check_names,
    check_forms,
    check_fallbacks,
    check_endings,
    check_values,
)


def check_interface(interface: Interface, report: Report, *, dated: bool) -> None:
    """Run every check; they tolerate what earlier ones found wrong. `dated` says that the file has a version."""
    for check in (*CHECKS, *(DATED_CHECKS if dated else ())):
        check(interface, report)
