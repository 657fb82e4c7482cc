from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar

from rpcgen.runtime import Context, Endpoint, Interface

from .descriptor import INTERFACE
from .types import Health, Served, Stats


class MetaEndpoint(Endpoint):
    _interface: ClassVar[Interface] = INTERFACE

    @abstractmethod
    def describe(self, ctx: Context) -> list[Served]: ...
    @abstractmethod
    def health(self, ctx: Context) -> Health: ...
    @abstractmethod
    def stats(self, ctx: Context) -> Stats: ...
