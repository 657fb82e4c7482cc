"""Transport URLs: `scheme://user:password@host:port,host:port/path?option=value`.

Everything is %-decoded; a password never appears in `str()` or `repr()`. Knows nothing of any one driver: what the
options are is a dataclass of the driver's, read by `TransportUrl.options`.
"""

from __future__ import annotations

import difflib
import types
import typing
from dataclasses import MISSING, dataclass, field, fields
from typing import Any, TypeVar
from urllib.parse import parse_qsl, unquote

from rpcgen.runtime.errors import BadUrl

Options = TypeVar("Options")

_TRUE = frozenset({"1", "true", "yes", "on"})
_FALSE = frozenset({"0", "false", "no", "off"})


@dataclass(frozen=True, slots=True)
class Host:
    """One `host:port`; the port is None where the URL had none. IPv6 addresses are written in brackets."""

    name: str
    port: int | None = None

    def __str__(self) -> str:
        name = f"[{self.name}]" if ":" in self.name else self.name
        return name if self.port is None else f"{name}:{self.port}"


@dataclass(frozen=True, slots=True)
class TransportUrl:
    """A parsed URL. `path` keeps its leading slash."""

    scheme: str
    hosts: tuple[Host, ...]
    path: str
    params: tuple[tuple[str, str], ...] = field(repr=False)
    username: str | None = None
    password: str | None = field(default=None, repr=False)

    def __str__(self) -> str:
        user = "" if self.username is None else f"{self.username}{':***' if self.password else ''}@"
        return f"{self.scheme}://{user}{','.join(map(str, self.hosts))}{self.path}"

    def options(self, cls: type[Options]) -> Options:
        """Read the query into a dataclass of the driver's, converting by its field types.

        Raises:
            BadUrl: an option is unknown (with the nearest known one), given twice, or not of its type.
        """
        hints = typing.get_type_hints(cls)
        known = {f.name: f for f in fields(cls)}  # type: ignore[arg-type]
        values: dict[str, Any] = {}
        for name, text in self.params:
            if name not in known:
                near = difflib.get_close_matches(name, known, 1)
                advice = (
                    f"; did you mean {near[0]!r}?"
                    if near
                    else f"; known: {', '.join(sorted(known)) or 'none'}"
                )
                raise BadUrl(f"{self}: unknown option {name!r}{advice}")
            if name in values:
                raise BadUrl(f"{self}: option {name!r} is given twice")
            values[name] = self._convert(name, text, hints[name])
        missing = [
            n
            for n, f in known.items()
            if n not in values and f.default is MISSING and f.default_factory is MISSING
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


def parse_url(text: str) -> TransportUrl:
    """Read a transport URL.

    Raises:
        BadUrl: with what was found and what was expected; never echoes a password.
    """
    scheme, separator, rest = text.partition("://")
    if not separator or not scheme.replace("+", "").replace("-", "").isalnum():
        raise BadUrl(
            "a transport URL reads SCHEME://..., e.g. zmq+ipc:///run/nova or memory://test"
        )
    rest, _, query = rest.partition("?")
    authority, slash, path = rest.partition("/")
    userinfo, at, hosts = authority.rpartition("@")
    username, colon, password = userinfo.partition(":")
    return TransportUrl(
        scheme=scheme.lower(),
        hosts=tuple(_host(part, scheme) for part in hosts.split(",") if part),
        path=unquote(slash + path),
        params=tuple(parse_qsl(query, keep_blank_values=True)),
        username=unquote(username) if at else None,
        password=unquote(password) if colon else None,
    )


def _host(text: str, scheme: str) -> Host:
    if text.startswith("["):
        name, bracket, rest = text[1:].partition("]")
        if not bracket or (rest and not rest.startswith(":")):
            raise BadUrl(f"{scheme} URL: {text!r} is no [IPv6 address]:port")
        port = rest[1:]
    else:
        name, _, port = text.partition(":")
    if not port:
        return Host(unquote(name))
    if not (port.isascii() and port.isdigit() and int(port) < 65536):
        raise BadUrl(
            f"{scheme} URL: port {port[:16]!r} of {name!r} is not a number from 0 to 65535"
        )
    return Host(unquote(name), int(port))
