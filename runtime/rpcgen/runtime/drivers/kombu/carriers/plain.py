"""Transports of which kombu's own interface says all that is asked here."""

from __future__ import annotations

from rpcgen.runtime.drivers.kombu.carriers.carrier import Carrier

Kind = Carrier
