"""Finding a driver by URL. Knows no driver: `drivers/` is looked up by name, then the entry points."""

from __future__ import annotations

import importlib
from collections.abc import Collection
from typing import TYPE_CHECKING, cast

from msgspec import Struct, structs
from rpcgen.runtime.core.codec import CODECS, JSON, MSGPACK
from rpcgen.runtime.core.wires.native import native_wire
from rpcgen.runtime.errors import BadUrl, ConfigurationError
from rpcgen.runtime.url import TransportUrl, parse_url

if TYPE_CHECKING:
    from rpcgen.runtime.core.wires.wire import Wire
    from rpcgen.runtime.driver import DriverModule, EventModule, KeepingModule
    from rpcgen.runtime.outbox.options import OutboxOptions
    from rpcgen.runtime.outbox.outbox import Outbox

_PACKAGE = "rpcgen.runtime.drivers"

#: Schemes (the part before a `+`) that are not called like their driver.
ALIASES = {"zmq": "zeromq", "amqps": "amqp", "rabbit": "amqp"}

ENTRY_POINTS = "rpcgen.drivers"

#: What a driver module has.
PARTS = ("connect", "listen", "connect_async", "listen_async", "discover")


class Opened(Struct, frozen=True):
    """A URL with the driver that understands it, and the wire and the outbox that it asks for."""

    url: TransportUrl
    driver: DriverModule
    wire: Wire
    outbox: OutboxOptions | None = None

    def events(self) -> EventModule:
        """The driver, if it has events; raises ConfigurationError."""
        driver = self.driver
        if not hasattr(driver, "subscribe"):
            raise ConfigurationError(
                f"{self.url}: this transport has no events: nothing in it keeps them for subscribers; "
                "use amqp://, or kombu+redis:// or kombu+filesystem:// for groups"
            )
        if self.wire.name != "native":
            raise ConfigurationError(
                f"{self.url}: there are no events with wire={self.wire.name}; publish without it"
            )
        return cast("EventModule", driver)

    def open_outbox(self) -> Outbox | None:
        """The outbox that the URL asks for, if it does.

        Raises:
            ConfigurationError: the transport keeps nothing, or the folder cannot be used.
        """
        if self.outbox is None:
            return None
        if not hasattr(self.driver, "keeping") or self.wire.name != "native":
            raise ConfigurationError(
                f"{self.url}: there is no outbox for this transport: it delivers at most once; use one that keeps messages, "
                "such as amqp:// without wire=oslo, or leave out the option 'outbox'"
            )
        from rpcgen.runtime.outbox.outbox import Outbox  # brings SQLite along

        driver = cast("KeepingModule", self.driver)
        return Outbox(self.outbox, driver.keeping(self.url))


def find_driver(text: str) -> Opened:
    """Parse a transport URL and import its driver.

    Raises:
        BadUrl: the URL cannot be read, or no driver has its scheme.
        ConfigurationError: the driver is another distribution's, and cannot be imported or lacks a function.
    """
    url = parse_url(text)
    wire = _wire(url)
    outbox = None
    if any(name.startswith("outbox") for name, _ in url.params):
        from rpcgen.runtime.outbox.options import NAMES, read_options  # most programs have none

        outbox = read_options(url)
        url = _without(url, NAMES)
    url = _without(url, {"codec"})
    return Opened(url, _module(url), wire, outbox)


def _without(url: TransportUrl, names: Collection[str]) -> TransportUrl:
    """The URL as a driver has it: without options that are not about the transport."""
    return structs.replace(url, params=tuple(pair for pair in url.params if pair[0] not in names))


def _wire(url: TransportUrl) -> Wire:
    """What messages look like: the options `codec` and `wire`; a driver that knows no `wire` refuses the latter."""
    said = dict(url.params)
    codec, wire = said.get("codec"), said.get("wire", "native")
    if codec is not None and codec not in CODECS:
        raise BadUrl(
            f"{url}: option 'codec' is {codec[:32]!r}, expected one of {', '.join(CODECS)}"
        )
    if wire != "oslo":
        return native_wire(CODECS[codec or MSGPACK.name])
    if codec not in (None, JSON.name):
        raise BadUrl(f"{url}: option 'codec' is {codec!r}, and messages of wire=oslo are JSON")
    from rpcgen.runtime.core.wires.oslo import OSLO  # most programs never need it

    return OSLO


def _module(url: TransportUrl) -> DriverModule:
    base = url.scheme.partition("+")[0]
    name = ALIASES.get(base, base)
    module = f"{_PACKAGE}.{name}"
    if name.isidentifier():
        try:
            return cast("DriverModule", importlib.import_module(module))
        except ModuleNotFoundError as error:
            if error.name != module:  # what it needs is missing
                raise
    from rpcgen.runtime.plugins import find_plugin

    found = find_plugin(ENTRY_POINTS, base, PARTS)
    if found is not None:
        return cast("DriverModule", found)
    from rpcgen.runtime.advice import did_you_mean  # only mistakes pay for it

    raise BadUrl(f"{url}: no driver for {url.scheme!r}; {did_you_mean(base, known_schemes())}")


def known_schemes() -> list[str]:
    """The schemes that this installation understands, without what follows a `+`."""
    import pkgutil

    from rpcgen.runtime.plugins import plugin_names

    package = importlib.import_module(_PACKAGE)
    own = {module.name for module in pkgutil.iter_modules(package.__path__)}
    aliased = {alias for alias, name in ALIASES.items() if name in own}
    hidden = {
        name
        for name in own
        if name in ALIASES.values() and name not in aliased and name == "zeromq"
    }
    return sorted((own - hidden) | aliased | plugin_names(ENTRY_POINTS))
