"""A server and a client of peer.yaml that nothing connects."""

from __future__ import annotations

from types import ModuleType

import pytest

from tests.oslo.cores import ClientCore, ServerCore
from tests.oslo.ours import endpoint


@pytest.fixture
def server(peer: ModuleType) -> ServerCore:
    return ServerCore(endpoint(peer, "host1"))


@pytest.fixture
def client(peer: ModuleType) -> ClientCore:
    return ClientCore(peer)
