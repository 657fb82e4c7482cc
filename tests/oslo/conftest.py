"""What the tests with oslo.messaging share: the package of peer.yaml, and an endpoint of it."""

from __future__ import annotations

from types import ModuleType

import pytest

from tests.compiled import compile_to, import_from
from tests.oslo.recorded import HERE


@pytest.fixture(scope="session")
def peer(tmp_path_factory: pytest.TempPathFactory) -> ModuleType:
    """The package that is generated from peer.yaml."""
    directory = tmp_path_factory.mktemp("peer")
    compile_to(directory, HERE / "peer.yaml")
    return import_from(directory, "peer_lab")
