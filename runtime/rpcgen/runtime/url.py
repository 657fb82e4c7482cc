"""Transport URLs: `scheme://user:password@host:port,host:port/path?option=value`.

Each of several hosts may repeat the user and the password, as oslo.messaging's URLs do. Everything is %-decoded; a password never appears in `str()` or `repr()`. Knows nothing of any one driver: what the
options are is a struct of the driver's, read by `TransportUrl.options`.
"""

from __future__ import annotations

import types
import typing
from collections.abc import Mapping
from typing import Any, Final, TypeVar

from msgspec import NODEFAULT, Struct, structs
from rpcgen.runtime.errors import BadUrl

Options = TypeVar("Options", bound=Struct)

_TRUE = frozenset({"1", "true", "yes", "on"})
_FALSE = frozenset({"0", "false", "no", "off"})


class Host(Struct, frozen=True):
    """One `host:port`; the port is None where the URL had none. IPv6 addresses are written in brackets."""

    name: str
    port: int | None = None

    def __str__(self) -> str:
        name = f"[{self.name}]" if ":" in self.name else self.name
        return name if self.port is None else f"{name}:{self.port}"


class TransportUrl(Struct, frozen=True):
    """A parsed URL. `path` keeps its leading slash."""

    scheme: str
    hosts: tuple[Host, ...]
    path: str
    params: tuple[tuple[str, str], ...]
    username: str | None = None
    password: str | None = None

    def __str__(self) -> str:
        user = "" if self.username is None else f"{self.username}{':***' if self.password else ''}@"
        return f"{self.scheme}://{user}{','.join(map(str, self.hosts))}{self.path}"

    def __repr__(self) -> str:
        return f"<TransportUrl {self}>"

    def check_hosts(self) -> None:
        """Raise BadUrl for a name that no host can have. Drivers call it: not every transport's hosts are on a network."""
        for host in self.hosts:
            try:
                check_host_name(host.name)
            except ValueError as error:
                raise BadUrl(f"{self}: {error}") from None

    def options(self, cls: type[Options]) -> Options:
        """Read the query into a `msgspec.Struct` of the driver's, converting by its field types.

        Raises:
            BadUrl: an option is unknown (with the nearest known one), given twice, or not of its type.
        """
        if not self.params and not _asks_for_something(cls):
            return cls()  # to ask msgspec for the types is dear where a program makes one call
        known = {field.name: field for field in structs.fields(cls)}
        values: dict[str, Any] = {}
        for name, text in self.params:
            if name not in known:
                from rpcgen.runtime.advice import did_you_mean  # only mistakes pay for it

                raise BadUrl(f"{self}: unknown option {name!r}; {did_you_mean(name, known)}")
            if name in values:
                raise BadUrl(f"{self}: option {name!r} is given twice")
            values[name] = self._convert(name, text, known[name].type)
        missing = [
            field.name for field in known.values() if field.required and field.name not in values
        ]
        if missing:
            raise BadUrl(f"{self}: option {missing[0]!r} is required")
        return cls(**values)

    def _convert(self, name: str, text: str, hint: Any) -> Any:
        if isinstance(hint, types.UnionType):  # `T | None`: the query cannot say None
            hint = next(part for part in hint.__args__ if part is not type(None))
        try:
            if hint is bool:
                if text.lower() in _TRUE:
                    return True
                if text.lower() in _FALSE:
                    return False
                raise ValueError
            if typing.get_origin(hint) is typing.Literal:
                if text in hint.__args__:
                    return text
                raise BadUrl(
                    f"{self}: option {name!r} is {text!r}, expected one of {', '.join(hint.__args__)}"
                )
            return hint(text)
        except ValueError as error:
            if isinstance(error, BadUrl):
                raise
            raise BadUrl(
                f"{self}: option {name!r} is {text[:64]!r}, expected {hint.__name__}"
            ) from None


def check_host_name(name: str) -> None:
    """Raise ValueError for a name that no host can have: what is between two dots is empty, or too long, or no text."""
    # Nor are bytes that are not UTF-8, as the command line hands them over.
    if not name.isprintable():
        raise ValueError(f"{name[:64]!a} is no name of a host: it has characters that are not text")
    if not all(0 < len(part) < 64 for part in name.removesuffix(".").split(".")):
        raise ValueError(
            f"{name[:64]!a} is no name of a host: parts between dots have 1 to 63 characters"
        )


def check_bounds(options: Struct, bounds: Mapping[str, tuple[float, float]]) -> None:
    """Raise BadUrl for an option out of bounds.

    Args:
        options: those of a URL.
        bounds: by name, the smallest and the largest accepted value; names that `options` has not are passed over.
    """
    for name, (low, high) in bounds.items():
        value = getattr(options, name, low)
        if not low <= value <= high:  # also false for NaN
            raise BadUrl(
                f"option {name!r} is {_shown(value)}, expected {_shown(low)} to {_shown(high)}"
            )


def _shown(number: float) -> str:
    """Whole numbers as they are written, which may be too long for a float; of others six digits."""
    return f"{number:g}" if isinstance(number, float) else str(number)[:64]


def _asks_for_something(cls: type[Struct]) -> bool:
    """Whether an option has no default."""
    defaults = cls.__struct_defaults__  # of the last fields
    return len(defaults) < len(cls.__struct_fields__) or NODEFAULT in defaults


_EXAMPLES: Final = "zmq+ipc:///run/shop, zmq+tcp://host:7000 or memory://test"


def parse_url(text: str) -> TransportUrl:
    """Read a transport URL.

    Raises:
        BadUrl: with what was found and what was expected; never echoes a password.
    """
    if not isinstance(text, str):  # pyright: ignore[reportUnnecessaryIsInstance] - None, of a variable that is not set
        raise BadUrl(
            f"a transport URL is of type {type(text).__name__}, expected text: {_EXAMPLES}"
        )
    scheme, separator, rest = text.partition("://")
    if not separator or not scheme.replace("+", "").replace("-", "").isalnum():
        found = "" if "@" in text else f", found {text[:64]!r}"  # before an @ stands a password
        raise BadUrl(f"expected a transport URL such as {_EXAMPLES}{found}")
    rest, _, query = rest.partition("?")
    authority, slash, path = rest.partition("/")
    user, hosts = _split(authority, scheme)
    username, colon, password = (user or "").partition(":")
    try:
        read = tuple(_host(_decoded(part), scheme) for part in hosts.split(",") if part)
    except BadUrl:
        if user is None and "@" in text:  # what was read as a port may be of a password
            raise BadUrl(
                f"{scheme} URL: there is an @ behind the first / or ?; in a user or a password write %2F and %3F for these"
            ) from None
        raise
    return TransportUrl(
        scheme=scheme.lower(),
        hosts=read,
        path=_decoded(slash + path),
        params=_params(query),
        username=None if user is None else _decoded(username),
        password=_decoded(password) if colon else None,
    )


def _split(authority: str, scheme: str) -> tuple[str | None, str]:
    """`user:password`, or None, and the hosts."""
    user, at, hosts = authority.rpartition("@")
    if not at:
        return None, authority
    if "@" not in user or "," not in user:
        return user, hosts
    parts = [part.rpartition("@") for part in authority.split(",")]
    users = {user for user, at, _ in parts if at}
    if len(users) > 1:
        raise BadUrl(
            f"{scheme} URL: its hosts have different users or passwords, expected one for all of them; in a password "
            "write %40 for an @ and %2C for a comma"
        )
    return users.pop(), ",".join(host for _, _, host in parts)


def _params(query: str) -> tuple[tuple[str, str], ...]:
    pairs = (pair.replace("+", " ").partition("=") for pair in query.split("&") if pair)
    return tuple((_decoded(name), _decoded(value)) for name, _, value in pairs)


def _decoded(text: str) -> str:
    if "%" not in text:
        return text
    from urllib.parse import unquote  # it brings ipaddress along: more than the rest of an import

    return unquote(text)


def _host(text: str, scheme: str) -> Host:
    if text.startswith("["):
        name, bracket, rest = text[1:].partition("]")
        if not bracket or (rest and not rest.startswith(":")):
            raise BadUrl(f"{scheme} URL: {text!r} is no [IPv6 address]:port")
        port = rest[1:]
    else:
        name, _, port = text.partition(":")
    if not port:
        return Host(name)
    if not (port.isascii() and port.isdigit() and len(port) < 6 and int(port) < 65536):
        raise BadUrl(
            f"{scheme} URL: port {port[:16]!r} of {name!r} is not a number from 0 to 65535"
        )
    return Host(name, int(port))
