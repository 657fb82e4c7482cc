"""All checks of a whole interface, in one list."""

from __future__ import annotations

from collections.abc import Callable

from rpcgen.idl.check.dating import check_dating
from rpcgen.idl.check.graph import check_graph
from rpcgen.idl.check.use import check_use
from rpcgen.idl.model import Interface
from rpcgen.idl.report import Report

Check = Callable[[Interface, Report], None]

CHECKS: tuple[Check, ...] = (check_graph, check_use, check_dating)


def check_interface(interface: Interface, report: Report) -> None:
    """Run every check; they tolerate what earlier ones found wrong."""
    for check in CHECKS:
        check(interface, report)
