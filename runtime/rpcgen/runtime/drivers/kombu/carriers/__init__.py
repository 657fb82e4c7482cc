"""kombu's transports: `facts.py` says which there are, and each that needs more than kombu's own interface has a module."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, cast

from rpcgen.runtime.drivers.kombu.carriers.facts import facts_of
from rpcgen.runtime.url import TransportUrl

__all__ = ["find_carrier"]

if TYPE_CHECKING:
    from rpcgen.runtime.drivers.kombu.carriers.carrier import Carrier


def find_carrier(url: TransportUrl) -> Carrier:
    """That of a URL. Connects to nothing.

    Raises:
        ConfigurationError: the URL cannot be used, or something has to be installed.
    """
    facts = facts_of(url)
    # Here, rather than by the threads that use it: kombu's module takes its own place while it is imported.
    module = importlib.import_module(f"{__name__}.{facts.carrier}")
    kind = cast("type[Carrier]", module.Kind)
    return kind(url, url.options(kind.Options))
