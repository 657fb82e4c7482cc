"""A client without generated code: an interface's tables, made from its contract for one method.

Values are plain (what JSON has, and bytes); the server checks them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import msgspec
from rpcgen.cli._contract import Contract, Method
from rpcgen.runtime import Client, DeclaredError, ErrorType, Interface, Sent, Topic
from rpcgen.runtime import Method as MethodTable
from rpcgen.runtime import Route as RouteTable


class DynamicError(DeclaredError):
    """A declared error; `fields` are its fields, plain."""

    def __init__(self, message: str = "", **fields: Any) -> None:
        super().__init__(message)
        self.fields = fields


class DynamicClient(Client):
    """Subclassed for one interface and one method."""

    __slots__ = ()
    _interface: ClassVar[Interface]
    _table: ClassVar[MethodTable[Any, Any]]

    def call(self, arguments: msgspec.Struct) -> Any:
        """Send, and wait for the result."""
        return self._call(self._table, arguments)

    def cast(self, arguments: msgspec.Struct) -> Sent:
        """Send."""
        return self._cast(self._table, arguments)


def dynamic(
    contract: Contract, method: Method, fingerprint: bytes, given: Mapping[str, Any]
) -> tuple[type[DynamicClient], msgspec.Struct]:
    """A client class for the method, and its arguments.

    The message names the contract's own version: whoever told us the contract serves it.
    """
    major, _, minor = contract.version.partition(".")
    version = (int(major), int(minor))
    names = {f"argument_{number}": name for number, name in enumerate(given)}
    args = _plain_struct("Arguments", names)
    timeout = method.timeout
    table: MethodTable[Any, Any] = MethodTable(
        name=method.name,
        attribute=method.name,
        args=args,
        returns=Any,
        routes=tuple(RouteTable(route.kind, route.to) for route in method.routes),  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
        raises=tuple(text.partition(" ")[0] for text in method.raises),
        timeout=timeout if isinstance(timeout, float | int) else None,
        profile=timeout if isinstance(timeout, str) else None,
        idempotent=method.idempotent,
        kept=method.delivery == "at_least_once",
        ttl=method.ttl,
        order=None if method.ordering_key is None else _read_by_servers,
        topic=Topic(method.topic) if method.topic is not None else None,
        since=(version,),
    )
    interface = Interface(
        name=contract.name,
        package="",
        namespace=contract.namespace,
        version=version,
        exchange=contract.exchange,
        topic=Topic(contract.topic),
        fingerprint=fingerprint,
        methods=(table,),
        errors=tuple(_error_types(contract)),
    )
    client = type(
        "DynamicClient",
        (DynamicClient,),
        {"__slots__": (), "_interface": interface, "_table": table},
    )
    return client, args(**dict(zip(names, given.values(), strict=True)))


def _read_by_servers(args: msgspec.Struct) -> object:
    raise AssertionError("unexpected look at the key of a message that is being sent")


def _error_types(contract: Contract) -> list[ErrorType]:
    made: list[ErrorType] = []
    for name in contract.errors:
        fields = _plain_struct(
            f"{name}Fields", {field: field for field in _fields_of(contract, name)}, default=True
        )
        made.append(ErrorType(name, type(name, (DynamicError,), {}), fields))
    return made


def _fields_of(contract: Contract, name: str) -> list[str]:
    """The fields of an error, inherited ones first."""
    said = contract.errors[name]
    inherited = _fields_of(contract, said["extends"]) if "extends" in said else []
    return [*inherited, *said.get("fields", {})]


def _plain_struct(
    name: str, names: Mapping[str, str], *, default: bool = False
) -> type[msgspec.Struct]:
    """A struct of untyped fields: attribute name to name on the wire."""
    fields: list[Any] = [
        (attribute, Any, None) if default else (attribute, Any) for attribute in names
    ]
    return msgspec.defstruct(name, fields, kw_only=True, frozen=True, rename=dict(names))
