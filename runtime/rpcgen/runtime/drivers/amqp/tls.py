"""The certificates of an `amqps` URL, which may be replaced while programs run. Knows no connection."""

from __future__ import annotations

import logging
import os
from typing import TYPE_CHECKING

from rpcgen.runtime.drivers.amqp.options import AmqpOptions

if TYPE_CHECKING:
    from ssl import SSLContext

log = logging.getLogger("rpcgen.amqp")


class Certificates:
    """What is trusted, and what we show.

    Args:
        options: which files.

    Raises:
        OSError: they cannot be used.
    """

    __slots__ = ("_context", "_options", "_stamp")

    def __init__(self, options: AmqpOptions) -> None:
        self._options = options
        self._stamp = self._look()
        self._context = self._load()

    @property
    def files(self) -> list[str]:
        """Their names."""
        options = self._options
        return [name for name in (options.ca, options.cert, options.key) if name]

    def context(self) -> SSLContext:
        """For the next connection: as the files are now; if they are half written, or gone, as they last were."""
        try:
            stamp = self._look()
            if stamp != self._stamp:
                self._context, self._stamp = self._load(), stamp
        except OSError as error:  # ssl.SSLError is one
            log.warning("keeping the last certificates of %s: %s", ", ".join(self.files), error)
        return self._context

    def _look(self) -> list[tuple[int, int, int]]:
        found = [os.stat(name) for name in self.files]
        return [(each.st_ino, each.st_mtime_ns, each.st_size) for each in found]

    def _load(self) -> SSLContext:
        import ssl

        options = self._options
        context = ssl.create_default_context(cafile=options.ca)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.check_hostname = options.check_host
        if options.cert is not None:
            context.load_cert_chain(options.cert, options.key)
        return context
