"""The majors that are served: is there something to serve in each?"""

from __future__ import annotations

from collections.abc import Mapping

from rpcgen.idl.model import Interface
from rpcgen.idl.position import Position
from rpcgen.idl.report import Report
from rpcgen.idl.spans import end_in, start_in
from rpcgen.idl.version import Version


def check_serving(interface: Interface, places: Mapping[Version, Position], report: Report) -> None:
    """Report an older major in which no method and no event exists."""
    methods, events = interface.methods.values(), interface.events.values()
    things = [*(method.dated for method in methods), *(event.dated for event in events)]
    for last in interface.serves if things else ():
        lives = ((start_in(thing.since, last.major), end_in(thing.until, last)) for thing in things)
        if not any(begin is not None and begin < end for begin, end in lives):
            report.error(
                "serves-nothing",
                f"{last} is served, and no method or event existed in major {last.major}",
                places.get(last, interface.position),
                hint=f"remove {last} from `serves`, or correct the dates",
            )
