"""kombu's queues inside one process."""

from __future__ import annotations

import re
import threading
from contextlib import AbstractContextManager
from typing import Any

from rpcgen.runtime.drivers.kombu.carriers.carrier import Carrier

#: Of the one table of this process.
_table = threading.Lock()


class Kind(Carrier):
    """`kombu+memory://name`: all queues of a process are in one place, so the URL's name is in theirs."""

    @property
    def prefix(self) -> str:
        """With the URL's name."""
        place = f"{','.join(map(str, self.url.hosts))}{self.url.path}"
        return f"{self.options.prefix}.{re.sub('[^A-Za-z0-9_-]', '-', place)}"

    def binding(self) -> AbstractContextManager[object]:
        """kombu's table is a list that all threads change."""
        return _table

    def forget(self, channel: Any, queue: str) -> None:
        """The queue itself."""
        channel.queues.pop(queue, None)
