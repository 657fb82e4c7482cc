"""Durations as people write them (`30s`, `2m`, `1.5h`, a number of seconds) and as they travel (`PT30S`)."""

from __future__ import annotations

import re
from decimal import Decimal

_SHORT = re.compile(r"([0-9]{1,12}(?:\.[0-9]{1,9})?)\s?(s|m|h)?", re.ASCII)
_ISO = re.compile(
    r"(-)?P(?:([0-9]{1,9})D)?(?:T(?:([0-9]{1,9})H)?(?:([0-9]{1,9})M)?(?:([0-9]{1,12}(?:\.[0-9]{1,6})?)S)?)?",
    re.ASCII,
)
_LEAST = Decimal("0.000001")
_UNITS = {None: 1, "s": 1, "m": 60, "h": 3600}


def parse_duration(text: str) -> Decimal | None:
    """Read the short form as seconds; None if it is none, or has parts of a microsecond, which Python cannot hold."""
    match = _SHORT.fullmatch(text)
    if match is None:
        return None
    seconds = Decimal(match[1]) * _UNITS[match[2]]
    return seconds if seconds % _LEAST == 0 else None


def parse_iso_duration(text: str) -> Decimal | None:
    """Read ISO 8601 such as "P1DT2H" as seconds; years and months have no length and are refused."""
    match = _ISO.fullmatch(text)
    if match is None or not any(match.groups()[1:]):
        return None
    days, hours, minutes, seconds = (Decimal(part or 0) for part in match.groups()[1:])
    total = days * 86400 + hours * 3600 + minutes * 60 + seconds
    return -total if match[1] else total


def iso_duration(seconds: Decimal) -> str:
    """Write seconds the one way in which the model keeps them."""
    sign = "-" if seconds < 0 else ""
    digits = f"{abs(seconds):f}"
    if "." in digits:
        digits = digits.rstrip("0").rstrip(".")
    return f"{sign}PT{digits}S"
