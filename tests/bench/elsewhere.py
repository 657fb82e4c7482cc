"""How busy the rest of the machine was during a round: what says whether the ratios are worth reading."""

from __future__ import annotations

import os
import time
from pathlib import Path

STAT = Path("/proc/stat")


class Elsewhere:
    """Watches the machine from its construction on."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._busy = _busy()

    def share(self, of_us: float) -> float:
        """The part of all cores that others used, when we used `of_us` seconds; 0 where the kernel does not tell."""
        cores = (time.monotonic() - self._began) * (os.cpu_count() or 1)
        return max(0.0, _busy() - self._busy - of_us) / cores


def _busy() -> float:
    """Seconds that the cores of this machine have worked so far."""
    if not STAT.exists():
        return 0.0
    # cpu  user nice system idle iowait irq softirq steal ...
    ticks = [int(tick) for tick in STAT.read_text().split("\n", 1)[0].split()[1:9]]
    return float(sum(ticks) - ticks[3] - ticks[4]) / os.sysconf("SC_CLK_TCK")
